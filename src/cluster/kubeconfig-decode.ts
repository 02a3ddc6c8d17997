/**
 * From the text of one kubeconfig file to its content. Follows what kubectl accepts: unknown keys are ignored,
 * a wrong type or a name given twice is an error, an empty file is an empty kubeconfig.
 */
import { dirname, join, resolve, sep } from "node:path";
import { LineCounter, parseDocument } from "yaml";
import { FieldError, Fields, isMapping, optional } from "./fields.ts";
import type {
  AuthProvider,
  ExecPlugin,
  InteractiveMode,
  Kubeconfig,
  KubeconfigCluster,
  KubeconfigContext,
  KubeconfigUser,
} from "./kubeconfig.ts";

const EXEC_EXTENSION = "client.authentication.k8s.io/exec";
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** What is wrong with the text of a kubeconfig, and on which line (from 1) where that is known. */
export class KubeconfigTextError extends Error {
  override readonly name = "KubeconfigTextError";
  readonly line: number | undefined;

  constructor(problem: string, line: number | undefined) {
    super(problem);
    this.line = line;
  }
}

/**
 * Decodes the text of `file`; relative paths in it are taken from the folder of `file`.
 * @throws KubeconfigTextError when the text is no kubeconfig. It never quotes values, which may be secret.
 */
export function decodeKubeconfig(text: string, file: string): Kubeconfig {
  const lines = new LineCounter();
  // YAML 1.1 and repeated keys, because that is what kubectl's parser (goyaml.v2) takes.
  const document = parseDocument(text, {
    version: "1.1",
    uniqueKeys: false,
    lineCounter: lines,
    prettyErrors: false,
    logLevel: "silent",
  });
  const [error] = document.errors;
  if (error !== undefined)
    throw new KubeconfigTextError(`not YAML: ${yamlProblem(error.code)}`, lines.linePos(error.pos[0]).line);
  try {
    return fromFields(Fields.of(document.toJS()), file);
  } catch (problem) {
    if (!(problem instanceof FieldError)) throw problem;
    const node: unknown = document.getIn(problem.path, true);
    throw new KubeconfigTextError(problem.message, lineOfNode(node, lines));
  }
}

function lineOfNode(node: unknown, lines: LineCounter): number | undefined {
  if (!isMapping(node) || !Array.isArray(node["range"]) || typeof node["range"][0] !== "number") return undefined;
  return lines.linePos(node["range"][0]).line;
}

/** The parser's own sentences quote the source, and the source may be a token. */
function yamlProblem(code: string): string {
  return code.toLowerCase().replaceAll("_", " ");
}

function fromFields(root: Fields, file: string): Kubeconfig {
  const kind = root.text("kind") ?? "Config";
  const apiVersion = root.text("apiVersion") ?? "v1";
  if (kind !== "Config" || apiVersion !== "v1")
    throw new FieldError(["kind"], `must be Config of v1, not ${kind} of ${apiVersion}`);
  const folder = resolve(dirname(file));
  const absolute = (path: string): string => resolve(folder, path);
  return {
    files: [file],
    currentContext: root.text("current-context") ?? "",
    clusters: named(root, "clusters", (entry) => cluster(entry.child("cluster"), absolute)),
    users: named(root, "users", (entry) => user(entry.child("user"), absolute)),
    contexts: named(root, "contexts", (entry) => context(entry.child("context"))),
  };
}

function named<T>(root: Fields, key: string, decode: (entry: Fields) => T): ReadonlyMap<string, T> {
  const found = new Map<string, T>();
  for (const entry of root.children(key)) {
    const name = entry.text("name") ?? "";
    if (found.has(name)) throw new FieldError(entry.path, `repeats the name "${name}"`);
    found.set(name, decode(entry));
  }
  return found;
}

function context(fields: Fields): KubeconfigContext {
  return { cluster: fields.text("cluster") ?? "", user: fields.text("user") ?? "", namespace: fields.text("namespace") ?? "" };
}

function cluster(fields: Fields, absolute: (path: string) => string): KubeconfigCluster {
  const extension = fields.children("extensions").find((entry) => entry.text("name") === EXEC_EXTENSION);
  return {
    server: fields.text("server") ?? "",
    insecureSkipTlsVerify: fields.flag("insecure-skip-tls-verify"),
    disableCompression: fields.flag("disable-compression"),
    ...optional("certificateAuthority", mapped(fields.text("certificate-authority"), absolute)),
    ...optional("certificateAuthorityData", base64(fields, "certificate-authority-data")),
    ...optional("tlsServerName", fields.text("tls-server-name")),
    ...optional("proxyUrl", fields.text("proxy-url")),
    ...optional("execExtension", extension?.raw("extension")),
  };
}

function user(fields: Fields, absolute: (path: string) => string): KubeconfigUser {
  const extra = fields.child("as-user-extra");
  return {
    ...optional("clientCertificate", mapped(fields.text("client-certificate"), absolute)),
    ...optional("clientCertificateData", base64(fields, "client-certificate-data")),
    ...optional("clientKey", mapped(fields.text("client-key"), absolute)),
    ...optional("clientKeyData", base64(fields, "client-key-data")),
    ...optional("token", fields.text("token")),
    ...optional("tokenFile", mapped(fields.text("tokenFile"), absolute)),
    ...optional("impersonate", fields.text("as")),
    ...optional("impersonateUid", fields.text("as-uid")),
    ...optional("impersonateGroups", nonEmpty(fields.texts("as-groups"))),
    ...optional(
      "impersonateExtra",
      extra.keys().length === 0 ? undefined : Object.fromEntries(extra.keys().map((key) => [key, extra.texts(key)])),
    ),
    ...optional("username", fields.text("username")),
    ...optional("password", fields.text("password")),
    ...optional("authProvider", fields.has("auth-provider") ? authProvider(fields.child("auth-provider")) : undefined),
    ...optional("exec", fields.has("exec") ? exec(fields.child("exec"), absolute) : undefined),
  };
}

function authProvider(fields: Fields): AuthProvider {
  const config = fields.child("config");
  return {
    name: fields.text("name") ?? "",
    config: Object.fromEntries(config.keys().flatMap((key) => mapped(config.text(key), (value) => [[key, value]]) ?? [])),
  };
}

function exec(fields: Fields, absolute: (path: string) => string): ExecPlugin {
  const command = fields.text("command") ?? "";
  return {
    // clientcmd/loader.go GetAuthInfoFileReferences: a name without a separator is looked up on PATH.
    command: command.includes(sep) ? absolute(join(command)) : command,
    args: fields.texts("args"),
    env: fields.children("env").map((entry) => ({ name: entry.text("name") ?? "", value: entry.text("value") ?? "" })),
    apiVersion: fields.text("apiVersion") ?? "",
    provideClusterInfo: fields.flag("provideClusterInfo"),
    ...optional("installHint", fields.text("installHint")),
    ...optional("interactiveMode", interactiveMode(fields)),
  };
}

function interactiveMode(fields: Fields): InteractiveMode | undefined {
  const mode = fields.text("interactiveMode");
  if (mode === undefined) return fields.text("apiVersion") === "client.authentication.k8s.io/v1beta1" ? "IfAvailable" : undefined;
  if (mode !== "Never" && mode !== "IfAvailable" && mode !== "Always") {
    throw new FieldError([...fields.path, "interactiveMode"], "must be Never, IfAvailable or Always");
  }
  return mode;
}

function base64(fields: Fields, key: string): string | undefined {
  // Go's decoder skips line ends and nothing else.
  const text = fields.text(key)?.replace(/[\r\n]/g, "");
  if (text === undefined) return undefined;
  if (!BASE64.test(text)) throw new FieldError([...fields.path, key], "must be base64");
  return Buffer.from(text, "base64").toString("utf8");
}

function mapped<T, U>(value: T | undefined, map: (value: T) => U): U | undefined {
  return value === undefined ? undefined : map(value);
}

function nonEmpty(values: readonly string[]): readonly string[] | undefined {
  return values.length === 0 ? undefined : values;
}
