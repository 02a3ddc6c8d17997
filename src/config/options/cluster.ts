/** kubectl's connection flags: same spelling, same meaning (`cli-runtime/pkg/genericclioptions/config_flags.go`). */
import { z } from "zod";
import { parseDuration } from "../../base/index.ts";
import { list, onOff, plainText, refuse } from "../kinds-of-option.ts";
import type { OptionTable } from "../option-table.ts";
import type { ClusterValues } from "../option-values.ts";

/** As `clientcmd.ParseTimeout`: a bare number means seconds here, and zero means no limit. */
const requestTimeout: z.ZodType<number> = z.string().transform((value, context) => {
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1_000 : parseDuration(value.trim());
  return ms === undefined || ms < 0 ? refuse(context, "a timeout") : ms;
});

export const CLUSTER_OPTIONS: OptionTable<ClusterValues> = {
  kubeconfig: plainText({
    flag: "kubeconfig",
    group: "Cluster",
    takes: "FILE",
    help: "The kubeconfig file.",
    example: "./staging-kubeconfig.yaml",
    defaultText: "$KUBECONFIG, else ~/.kube/config",
  }),
  context: plainText({
    flag: "context",
    group: "Cluster",
    takes: "NAME",
    help: "The kubeconfig context.",
    example: "staging",
    defaultText: "the current one",
  }),
  cluster: plainText({ flag: "cluster", group: "Cluster", takes: "NAME", help: "The kubeconfig cluster.", example: "staging" }),
  user: plainText({ flag: "user", group: "Cluster", takes: "NAME", help: "The kubeconfig user.", example: "ci" }),
  server: plainText({
    flag: "server",
    short: "s",
    group: "Cluster",
    takes: "URL",
    help: "Address of the API server.",
    example: "https://10.0.0.1:6443",
  }),
  token: plainText({
    flag: "token",
    group: "Cluster",
    takes: "TOKEN",
    help: "Bearer token. The variable keeps it out of the process list.",
    example: "eyJhbGciOi…",
    isSecret: true,
  }),
  as: plainText({
    flag: "as",
    group: "Cluster",
    takes: "USER",
    help: "User to impersonate.",
    example: "system:serviceaccount:ci:recorder",
  }),
  asGroup: list({
    flag: "as-group",
    group: "Cluster",
    takes: "GROUPS",
    help: "Groups to impersonate.",
    expects: "names of groups",
    example: "developers",
  }),
  asUid: plainText({
    flag: "as-uid",
    group: "Cluster",
    takes: "UID",
    help: "Uid to impersonate.",
    example: "06f6ce97-e2c5-4ab8-7ba5-7654dd08d52b",
  }),
  certificateAuthority: plainText({
    flag: "certificate-authority",
    group: "Cluster",
    takes: "FILE",
    help: "Certificate authority of the server.",
    example: "./ca.crt",
  }),
  clientCertificate: plainText({
    flag: "client-certificate",
    group: "Cluster",
    takes: "FILE",
    help: "Client certificate.",
    example: "./client.crt",
  }),
  clientKey: plainText({
    flag: "client-key",
    group: "Cluster",
    takes: "FILE",
    help: "Key of the client certificate.",
    example: "./client.key",
  }),
  insecureSkipTlsVerify: onOff({
    flag: "insecure-skip-tls-verify",
    group: "Cluster",
    help: "Do not check the server's certificate: the connection can then be read by others.",
    default: false,
  }),
  tlsServerName: plainText({
    flag: "tls-server-name",
    group: "Cluster",
    takes: "NAME",
    help: "Name that the server's certificate must bear.",
    example: "kubernetes.default",
  }),
  requestTimeout: {
    flag: "request-timeout",
    group: "Cluster",
    form: "text",
    takes: "DURATION",
    help: "How long one request may take; watches and logs are not limited. A bare number means seconds, as in kubectl; 0 means no limit.",
    expects: "a duration such as 30s or 1m",
    example: "30s",
    default: undefined,
    defaultText: "",
    schema: requestTimeout,
  },
};
