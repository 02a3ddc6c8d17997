/* oxlint-disable max-lines -- a table, to be read row by row */
/**
 * What kubeconfigs, flags and environment mean: each case with the request that has to arrive. The same table judges
 * Faro (here) and a real kubectl (`test/cluster/`); a case is right only when both send the same.
 *
 * Placeholders: `$DIR` the folder of the case, `$HTTPS`, `$HTTP`, `$HOSTPORT`, `$TLSPORT`, `$PROXY`, `$PROXYHOST`,
 * `$SOCKSHOST` the capture server, `$CA`, `$OTHERCA`, `$CERT`, `$KEY`, `$CERT2`, `$KEY2` base64 of test certificates.
 */
import type { ConnectionFlags } from "../../src/cluster/index.ts";
import type { CapturedRequest } from "./capture-server.ts";

export interface KubeconfigCase {
  readonly name: string;
  /** Path below `$DIR` to text; a path that ends in `.plugin` is made executable, `*.crt` and `*.key` may name fixtures. */
  readonly files: Readonly<Record<string, string>>;
  /** Beside `HOME=$DIR` and `PATH`. */
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: ConnectionFlags;
  readonly expected: Expected;
  /** Why `@kubernetes/client-node` 1.4.0 is no witness; without it, it has to agree. */
  readonly clientNode?: string;
  /** Why kubectl differs on purpose; without it, it has to agree. */
  readonly kubectl?: string;
}

/** The request for pods. Absent members are the usual: https, direct, no prefix, namespace default, nothing else sent. */
export type Expected =
  | (Partial<Omit<CapturedRequest, "path">> & { readonly prefix?: string; readonly namespace?: string })
  /** No request at all, and Faro says so. */
  | { readonly error: RegExp };

const FLAGS = "connection flags are not its job";
const ENVIRONMENT = "reads one explicit file here; its own merge throws on missing files and duplicate names";
const HTTP = "refuses http:// servers";

interface Parts {
  readonly cluster?: string;
  readonly user?: string;
  readonly context?: string;
  readonly current?: string;
}

/** One cluster `main`, one user `me`, one context `ctx`. Each part is YAML flow text that is added to the entry. */
function config({
  cluster = `server: $HTTPS, certificate-authority-data: $CA`,
  user = "token: sesame",
  context = "",
  current = "ctx",
}: Parts = {}): string {
  return [
    "apiVersion: v1",
    "kind: Config",
    `current-context: "${current}"`,
    `clusters: [{name: main, cluster: {${cluster}}}]`,
    `users: [{name: me, user: {${user}}}]`,
    `contexts: [{name: ctx, context: {cluster: main, user: me${context}}}]`,
    "",
  ].join("\n");
}

function one(parts?: Parts): Readonly<Record<string, string>> {
  return { ".kube/config": config(parts) };
}

const SESAME = { authorization: "Bearer sesame" } as const;

function plugin(body: string): string {
  return `#!/usr/bin/env node\n${body}\n`;
}

const PRINT_TOKEN =
  'console.log(JSON.stringify({apiVersion: JSON.parse(process.env.KUBERNETES_EXEC_INFO).apiVersion, kind: "ExecCredential", status: {token: TOKEN}}));';
/** The token is a digest of what the plugin was told, so that the wire shows it. */
const PRINT_INFO = PRINT_TOKEN.replace(
  "TOKEN",
  'require("crypto").createHash("sha256").update(JSON.stringify(sorted(JSON.parse(process.env.KUBERNETES_EXEC_INFO)))).digest("hex")',
);
const SORTED =
  "const sorted = (v) => v && typeof v === 'object' && !Array.isArray(v) ? Object.fromEntries(Object.keys(v).sort().map((k) => [k, sorted(v[k])])) : v;";

const TWO = [
  "current-context: b",
  "clusters:",
  "- {name: one, cluster: {server: $HTTPS/one, certificate-authority-data: $CA}}",
  "- {name: two, cluster: {server: $HTTPS/two, certificate-authority-data: $CA}}",
  "users:",
  "- {name: ann, user: {token: ann-token}}",
  "- {name: bob, user: {token: bob-token}}",
  "contexts:",
  "- {name: a, context: {cluster: one, user: ann, namespace: team-a}}",
  "- {name: b, context: {cluster: two, user: bob}}",
  "",
].join("\n");

const FIRST =
  "current-context: a\nclusters: [{name: c, cluster: {server: $HTTPS/first, certificate-authority-data: $CA}}]\nusers: [{name: u, user: {token: first}}]\n";
const SECOND = [
  "current-context: b",
  "clusters: [{name: c, cluster: {server: $HTTPS/second, tls-server-name: x.faro.test}}]",
  "users: [{name: u, user: {token: second, as: somebody}}]",
  "contexts: [{name: a, context: {cluster: c, user: u, namespace: from-second}}, {name: b, context: {cluster: c, user: u}}]",
  "",
].join("\n");

const LOADING: readonly KubeconfigCase[] = [
  { name: "the file in the home folder", files: one(), expected: SESAME },
  {
    name: "a kubeconfig written as JSON",
    files: {
      ".kube/config": JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        "current-context": "x",
        clusters: [{ name: "c", cluster: { server: "$HTTPS", "certificate-authority-data": "$CA" } }],
        users: [{ name: "u", user: { token: "sesame" } }],
        contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      }),
    },
    expected: SESAME,
  },
  {
    name: "--kubeconfig goes before KUBECONFIG and home",
    files: { ...one({ user: "token: home" }), "x.yaml": config(), "env.yaml": config({ user: "token: env" }) },
    env: { KUBECONFIG: "$DIR/env.yaml" },
    flags: { kubeconfig: "$DIR/x.yaml" },
    expected: SESAME,
    clientNode: ENVIRONMENT,
  },
  {
    name: "an explicit file that is missing",
    files: one(),
    flags: { kubeconfig: "$DIR/gone.yaml" },
    expected: { error: /no kubeconfig at .*gone\.yaml/ },
  },
  {
    name: "KUBECONFIG goes before home",
    files: { ...one({ user: "token: home" }), "env.yaml": config() },
    env: { KUBECONFIG: "$DIR/env.yaml" },
    expected: SESAME,
    clientNode: ENVIRONMENT,
  },
  {
    name: "the first file of a list wins, entry by entry and for the current context",
    files: { "1.yaml": FIRST, "2.yaml": SECOND },
    env: { KUBECONFIG: "$DIR/1.yaml:$DIR/2.yaml" },
    expected: { prefix: "/first", authorization: "Bearer first", namespace: "from-second" },
    clientNode: ENVIRONMENT,
  },
  {
    name: "a missing file and empty items of a list are skipped",
    files: { "1.yaml": FIRST, "2.yaml": SECOND },
    env: { KUBECONFIG: ":$DIR/none.yaml::$DIR/1.yaml:$DIR/2.yaml:" },
    expected: { prefix: "/first", authorization: "Bearer first", namespace: "from-second" },
    clientNode: ENVIRONMENT,
  },
  {
    name: "a file named twice is read once",
    files: { "1.yaml": config() },
    env: { KUBECONFIG: "$DIR/1.yaml:$DIR/1.yaml" },
    expected: SESAME,
    clientNode: ENVIRONMENT,
  },
  {
    name: "an empty file in a list is an empty kubeconfig",
    files: { "0.yaml": "", "1.yaml": config() },
    env: { KUBECONFIG: "$DIR/0.yaml:$DIR/1.yaml" },
    expected: SESAME,
    clientNode: ENVIRONMENT,
  },
  {
    name: "a file that is no YAML spoils the list",
    files: { "0.yaml": "a: [b\n", "1.yaml": config() },
    env: { KUBECONFIG: "$DIR/0.yaml:$DIR/1.yaml" },
    expected: { error: /0\.yaml:\d+: not YAML/ },
  },
  {
    name: "a number where text belongs",
    files: one({ user: "token: 12345" }),
    expected: { error: /config:5: users\[0\]\.user\.token must be text, not a number/ },
  },
  {
    name: "a name given twice in one file",
    files: { ".kube/config": TWO.replace("name: two,", "name: one,") },
    expected: { error: /repeats the name "one"/ },
  },
  {
    name: "unknown keys are ignored",
    files: one({ cluster: "server: $HTTPS, certificate-authority-data: $CA, flavour: mint" }),
    expected: SESAME,
  },
  {
    name: "the last of a repeated key counts",
    files: { ".kube/config": `${config({ current: "nowhere" })}current-context: ctx\n` },
    expected: SESAME,
    clientNode: "its YAML parser refuses repeated keys",
  },
  {
    name: "something else than a kubeconfig",
    files: { ".kube/config": "apiVersion: v1\nkind: Pod\n" },
    expected: { error: /kind must be Config of v1/ },
  },
  { name: "no kubeconfig at all", files: {}, expected: { error: /no cluster to connect to/ } },
];

const CHOOSING: readonly KubeconfigCase[] = [
  {
    name: "the current context",
    files: { ".kube/config": TWO },
    expected: { prefix: "/two", authorization: "Bearer bob-token" },
  },
  {
    name: "--context",
    files: { ".kube/config": TWO },
    flags: { context: "a" },
    expected: { prefix: "/one", authorization: "Bearer ann-token", namespace: "team-a" },
  },
  {
    name: "--context that does not exist",
    files: { ".kube/config": TWO },
    flags: { context: "c" },
    expected: { error: /no context "c" in/ },
  },
  { name: "a current context that does not exist", files: one({ current: "gone" }), expected: { error: /no context "gone"/ } },
  {
    name: "--cluster with the context's user",
    files: { ".kube/config": TWO },
    flags: { cluster: "one" },
    expected: { prefix: "/one", authorization: "Bearer bob-token" },
    clientNode: FLAGS,
  },
  {
    name: "--user with the context's cluster",
    files: { ".kube/config": TWO },
    flags: { user: "ann" },
    expected: { prefix: "/two", authorization: "Bearer ann-token" },
    clientNode: FLAGS,
  },
  {
    name: "--cluster that does not exist",
    files: { ".kube/config": TWO },
    flags: { cluster: "three" },
    expected: { error: /no cluster "three"/ },
  },
  {
    name: "--user that does not exist",
    files: { ".kube/config": TWO },
    flags: { user: "eve" },
    expected: { error: /no user "eve"/ },
  },
  {
    name: "--cluster and --user without any context",
    files: { ".kube/config": TWO.replace("current-context: b", "") },
    flags: { cluster: "one", user: "bob" },
    expected: { prefix: "/one", authorization: "Bearer bob-token" },
    clientNode: FLAGS,
  },
  {
    name: "contexts, but none is current",
    files: { ".kube/config": TWO.replace("current-context: b", "") },
    expected: { error: /no current context/ },
  },
  {
    name: "a context whose user does not exist is anonymous",
    files: { ".kube/config": config().replace("user: me}", "user: you}") },
    expected: {},
    clientNode: "throws",
    kubectl: "asks for a username at the terminal",
  },
  {
    name: "a context whose cluster does not exist",
    files: { ".kube/config": config().replace("cluster: main,", "cluster: side,") },
    expected: { error: /leads to no server: there is no cluster "side"/ },
  },
  {
    name: "--namespace goes before the context's",
    files: { ".kube/config": TWO },
    flags: { context: "a", namespace: "team-z" },
    expected: { prefix: "/one", authorization: "Bearer ann-token", namespace: "team-z" },
    clientNode: FLAGS,
  },
];

const SERVERS: readonly KubeconfigCase[] = [
  {
    name: "a server with a path prefix",
    files: one({ cluster: "server: $HTTPS/k8s/clusters/c-1/, certificate-authority-data: $CA" }),
    expected: { ...SESAME, prefix: "/k8s/clusters/c-1" },
  },
  {
    name: "--server keeps trust and user of the context",
    files: one(),
    flags: { server: "$HTTPS/other" },
    expected: { ...SESAME, prefix: "/other" },
    clientNode: FLAGS,
  },
  { name: "--server alone, plain http", files: {}, flags: { server: "$HTTP" }, expected: { scheme: "http" }, clientNode: FLAGS },
  {
    name: "a server without a scheme is plain http",
    files: one({ cluster: "server: '$HOSTPORT'" }),
    expected: { scheme: "http" },
    clientNode: HTTP,
  },
  {
    name: "credentials are not sent over plain http",
    files: one({ cluster: "server: $HTTP" }),
    expected: { scheme: "http" },
    clientNode: HTTP,
  },
  {
    name: "impersonation is, even over plain http",
    files: one({ cluster: "server: $HTTP", user: "as: jane" }),
    expected: { scheme: "http", impersonate: { "impersonate-user": "jane" } },
    clientNode: HTTP,
  },
  {
    name: "a user in the server's URL",
    files: one({
      cluster: "server: 'https://ann:pass@127.0.0.1:$TLSPORT', certificate-authority-data: $CA",
      user: "client-certificate-data: $CERT, client-key-data: $KEY",
    }),
    expected: { certificate: "test-client", authorization: `Basic ${Buffer.from("ann:pass").toString("base64")}` },
    clientNode: "leaves the URL as it is",
  },
  {
    name: "an authority in a file beside the kubeconfig",
    files: { ...one({ cluster: "server: $HTTPS, certificate-authority: pki/ca.crt" }), ".kube/pki/ca.crt": "fixture:ca.crt" },
    expected: SESAME,
  },
  {
    name: "relative paths go by the file that holds them",
    files: {
      "x/1.yaml": config({ cluster: "server: $HTTPS, certificate-authority: ca.crt", user: "tokenFile: secret/token" }),
      "x/ca.crt": "fixture:ca.crt",
      "x/secret/token": "  from-file\n",
    },
    env: { KUBECONFIG: "$DIR/x/1.yaml" },
    expected: { authorization: "Bearer from-file" },
    clientNode: "ignores tokenFile",
  },
  {
    name: "an authority file that is missing",
    files: one({ cluster: "server: $HTTPS, certificate-authority: ca.crt" }),
    expected: { error: /certificate-authority .*ca\.crt is not there/ },
  },
  {
    name: "an authority that signed nothing here",
    files: one({ cluster: "server: $HTTPS, certificate-authority-data: $OTHERCA" }),
    expected: { error: /signed by an unknown authority|UNABLE_TO|self-signed/i },
  },
  {
    name: "authority as file and as data",
    files: {
      ...one({ cluster: "server: $HTTPS, certificate-authority: ca.crt, certificate-authority-data: $CA" }),
      ".kube/ca.crt": "fixture:ca.crt",
    },
    expected: { error: /certificate-authority and certificate-authority-data are both given/ },
  },
  {
    name: "insecure-skip-tls-verify",
    files: one({ cluster: "server: $HTTPS, insecure-skip-tls-verify: true" }),
    expected: SESAME,
  },
  {
    name: "insecure-skip-tls-verify beside an authority",
    files: one({ cluster: "server: $HTTPS, insecure-skip-tls-verify: true, certificate-authority-data: $CA" }),
    expected: { error: /contradicts/ },
  },
  {
    name: "--insecure-skip-tls-verify drops the kubeconfig's authority",
    files: one({ cluster: "server: $HTTPS, certificate-authority-data: $OTHERCA" }),
    flags: { insecureSkipTlsVerify: true },
    expected: SESAME,
    clientNode: FLAGS,
  },
  {
    name: "--certificate-authority replaces data and insecure",
    files: { ...one({ cluster: "server: $HTTPS, insecure-skip-tls-verify: true" }), "ca.crt": "fixture:ca.crt" },
    flags: { certificateAuthority: "$DIR/ca.crt" },
    expected: SESAME,
    clientNode: FLAGS,
  },
  {
    name: "tls-server-name is said in the hello and checked",
    files: one({ cluster: "server: $HTTPS, certificate-authority-data: $CA, tls-server-name: api.faro.test" }),
    expected: { ...SESAME, serverName: "api.faro.test" },
  },
  {
    name: "tls-server-name that the certificate is not for",
    files: one({ cluster: "server: $HTTPS, certificate-authority-data: $CA, tls-server-name: x.faro.test" }),
    expected: { error: /for another name/ },
  },
  {
    name: "--server drops the kubeconfig's tls-server-name",
    files: one({ cluster: "server: $HTTPS, certificate-authority-data: $CA, tls-server-name: x.faro.test" }),
    flags: { server: "$HTTPS" },
    expected: SESAME,
    clientNode: FLAGS,
  },
  {
    name: "--tls-server-name",
    files: one(),
    flags: { tlsServerName: "localhost" },
    expected: { ...SESAME, serverName: "localhost" },
    clientNode: FLAGS,
  },
  {
    name: "yes is true, as in YAML 1.1",
    files: one({ cluster: "server: $HTTPS, insecure-skip-tls-verify: yes" }),
    expected: SESAME,
    clientNode: "reads YAML 1.2",
  },
];

const USERS: readonly KubeconfigCase[] = [
  {
    name: "a client certificate as data",
    files: one({ user: "client-certificate-data: $CERT, client-key-data: $KEY" }),
    expected: { certificate: "test-client" },
  },
  {
    name: "a client certificate in files",
    files: {
      ...one({ user: "client-certificate: me.crt, client-key: me.key" }),
      ".kube/me.crt": "fixture:client.crt",
      ".kube/me.key": "fixture:client.key",
    },
    expected: { certificate: "test-client" },
  },
  {
    name: "a client certificate and a token together",
    files: one({ user: "client-certificate-data: $CERT, client-key-data: $KEY, token: sesame" }),
    expected: { ...SESAME, certificate: "test-client" },
  },
  {
    name: "a client certificate without a key",
    files: one({ user: "client-certificate-data: $CERT" }),
    expected: { error: /without a client-key/ },
  },
  {
    name: "--client-certificate and --client-key replace the kubeconfig's",
    files: {
      ...one({ user: "client-certificate-data: $CERT2, client-key-data: $KEY2" }),
      "c.crt": "fixture:client.crt",
      "c.key": "fixture:client.key",
    },
    flags: { clientCertificate: "$DIR/c.crt", clientKey: "$DIR/c.key" },
    expected: { certificate: "test-client" },
    clientNode: FLAGS,
  },
  {
    name: "a token file",
    files: { ...one({ user: "tokenFile: t" }), ".kube/t": "from-file\n" },
    expected: { authorization: "Bearer from-file" },
    clientNode: "ignores tokenFile",
  },
  {
    name: "a token file goes before a token",
    files: { ...one({ user: "tokenFile: t, token: sesame" }), ".kube/t": "from-file" },
    expected: { authorization: "Bearer from-file" },
    clientNode: "ignores tokenFile",
  },
  {
    name: "a token file even before --token",
    files: { ...one({ user: "tokenFile: t" }), ".kube/t": "from-file" },
    flags: { token: "from-flag" },
    expected: { authorization: "Bearer from-file" },
    clientNode: FLAGS,
  },
  {
    name: "a token file that is missing",
    files: one({ user: "tokenFile: t" }),
    expected: { error: /tokenFile .*t is not there/ },
  },
  {
    name: "--token goes before the kubeconfig's",
    files: one(),
    flags: { token: "from-flag" },
    expected: { authorization: "Bearer from-flag" },
    clientNode: FLAGS,
  },
  {
    name: "username and password",
    files: one({ user: "username: ann, password: 'p:w'" }),
    expected: { authorization: `Basic ${Buffer.from("ann:p:w").toString("base64")}` },
  },
  {
    name: "username beside a token",
    files: one({ user: "username: ann, password: pw, token: sesame" }),
    expected: { error: /both a token and a username/ },
  },
  {
    name: "impersonation with every key",
    files: one({
      user: "token: sesame, as: jane, as-uid: u-1, as-groups: [dev, ops], as-user-extra: {scopes: [a, b], 'acme.com/x y': ['1']}",
    }),
    expected: {
      ...SESAME,
      impersonate: {
        "impersonate-user": "jane",
        "impersonate-uid": "u-1",
        "impersonate-group": "dev|ops",
        "impersonate-extra-scopes": "a|b",
        "impersonate-extra-acme.com%2fx%20y": "1",
      },
    },
    clientNode: "reads only `as`",
  },
  {
    name: "--as, --as-group and --as-uid",
    files: one({ user: "token: sesame, as-groups: [dev]" }),
    flags: { as: "joe", asGroup: ["g1", "g2"], asUid: "7" },
    expected: { ...SESAME, impersonate: { "impersonate-user": "joe", "impersonate-uid": "7", "impersonate-group": "g1|g2" } },
    clientNode: FLAGS,
  },
  {
    name: "groups without a user to impersonate",
    files: one({ user: "token: sesame, as-groups: [dev]" }),
    expected: { error: /without a user/ },
  },
  {
    name: "an OIDC id-token that is valid",
    files: one({
      user: `auth-provider: {name: oidc, config: {client-id: faro, idp-issuer-url: 'https://idp.faro.test', id-token: ${jwt(4_102_444_800)}}}`,
    }),
    expected: { authorization: `Bearer ${jwt(4_102_444_800)}` },
  },
  {
    name: "an auth-provider that is gone",
    files: one({ user: "auth-provider: {name: gcp, config: {}}" }),
    expected: { error: /auth-provider "gcp" no longer exists/ },
  },
];

const EXEC = "command: ./p.plugin, interactiveMode: Never, apiVersion: client.authentication.k8s.io/v1";
const NODE_PLUGIN = "runs a plugin by a relative path from the working directory";

const PLUGINS: readonly KubeconfigCase[] = [
  {
    name: "a plugin with a relative command",
    files: { ...one({ user: `exec: {${EXEC}}` }), ".kube/p.plugin": plugin(PRINT_TOKEN.replace("TOKEN", '"from-plugin"')) },
    expected: { authorization: "Bearer from-plugin" },
    clientNode: NODE_PLUGIN,
  },
  {
    name: "a plugin of v1beta1 without interactiveMode, its arguments and variables",
    files: {
      ...one({
        user: "exec: {command: ./p.plugin, apiVersion: client.authentication.k8s.io/v1beta1, args: [x, 'y z'], env: [{name: WHO, value: ann}]}",
      }),
      ".kube/p.plugin": plugin(
        PRINT_TOKEN.replace("TOKEN", '[...process.argv.slice(2), process.env.WHO, process.env.FROM_OUTSIDE].join("-")'),
      ),
    },
    env: { FROM_OUTSIDE: "in" },
    expected: { authorization: "Bearer x-y z-ann-in" },
    clientNode: NODE_PLUGIN,
  },
  {
    name: "a plugin that wants to know the cluster",
    files: {
      ...one({
        cluster:
          "server: $HTTPS/p, certificate-authority-data: $CA, tls-server-name: localhost, extensions: [{name: client.authentication.k8s.io/exec, extension: {audience: aud, size: 1}}]",
        user: `exec: {${EXEC}, provideClusterInfo: true}`,
      }),
      ".kube/p.plugin": plugin(`${SORTED}\n${PRINT_INFO}`),
    },
    expected: { prefix: "/p", serverName: "localhost", authorization: "$INFO" },
    clientNode: NODE_PLUGIN,
  },
  {
    name: "a plugin that does not want to",
    files: { ...one({ user: `exec: {${EXEC}}` }), ".kube/p.plugin": plugin(`${SORTED}\n${PRINT_INFO}`) },
    expected: { authorization: "$INFO" },
    clientNode: NODE_PLUGIN,
  },
  {
    name: "a plugin that gives a client certificate",
    files: {
      ...one({ user: `exec: {${EXEC}}` }),
      ".kube/cert": "fixture:client.crt",
      ".kube/key": "fixture:client.key",
      ".kube/p.plugin": plugin(
        'const read = (n) => require("fs").readFileSync(__dirname + "/" + n, "utf8");\nconsole.log(JSON.stringify({apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status: {clientCertificateData: read("cert"), clientKeyData: read("key")}}));',
      ),
    },
    expected: { certificate: "test-client" },
    clientNode: NODE_PLUGIN,
  },
  {
    name: "a token goes before a plugin",
    files: { ...one({ user: `token: sesame, exec: {${EXEC}}` }), ".kube/p.plugin": plugin("process.exit(3)") },
    expected: SESAME,
    clientNode: "runs the plugin all the same",
  },
  {
    name: "--token goes before a plugin",
    files: { ...one({ user: `exec: {${EXEC}}` }), ".kube/p.plugin": plugin("process.exit(3)") },
    flags: { token: "sesame" },
    expected: SESAME,
    clientNode: FLAGS,
  },
  {
    name: "a plugin that fails",
    files: { ...one({ user: `exec: {${EXEC}}` }), ".kube/p.plugin": plugin('console.error("please log in"); process.exit(3)') },
    expected: { error: /p\.plugin failed with exit code 3: please log in/ },
  },
  {
    name: "a plugin that answers in another version",
    files: {
      ...one({ user: `exec: {${EXEC}}` }),
      ".kube/p.plugin": plugin(
        'console.log(JSON.stringify({apiVersion: "client.authentication.k8s.io/v1beta1", kind: "ExecCredential", status: {token: "x"}}))',
      ),
    },
    expected: { error: /another version/ },
  },
  {
    name: "a plugin of v1 without interactiveMode",
    files: {
      ...one({ user: "exec: {command: ./p.plugin, apiVersion: client.authentication.k8s.io/v1}" }),
      ".kube/p.plugin": plugin(""),
    },
    expected: { error: /no interactiveMode/ },
  },
  {
    name: "a plugin of a version that is gone",
    files: one({ user: "exec: {command: x, interactiveMode: Never, apiVersion: client.authentication.k8s.io/v1alpha1}" }),
    expected: { error: /v1alpha1/ },
  },
];

const FAR = "server: 'https://api.faro.test:6443', certificate-authority-data: $CA";

const PROXIES: readonly KubeconfigCase[] = [
  {
    name: "proxy-url, even for an address of this machine",
    files: one({ cluster: "server: $HTTPS, certificate-authority-data: $CA, proxy-url: $PROXY" }),
    expected: { ...SESAME, via: "http-proxy" },
  },
  {
    name: "proxy-url before a plain http server",
    files: one({ cluster: "server: $HTTP, proxy-url: $PROXY" }),
    expected: { scheme: "http", via: "http-proxy" },
    clientNode: HTTP,
  },
  {
    name: "proxy-url of SOCKS5, the name resolved there",
    files: one({ cluster: `${FAR}, proxy-url: 'socks5://$SOCKSHOST'` }),
    expected: { ...SESAME, serverName: "api.faro.test", via: "socks5" },
  },
  {
    name: "proxy-url of SOCKS5 with a login",
    files: one({ cluster: "server: $HTTPS, certificate-authority-data: $CA, proxy-url: 'socks5://user:secret@$SOCKSHOST'" }),
    expected: { ...SESAME, via: "socks5" },
  },
  {
    name: "proxy-url of a kind that does not exist",
    files: one({ cluster: "server: $HTTPS, certificate-authority-data: $CA, proxy-url: 'ftp://127.0.0.1:1'" }),
    expected: { error: /proxy-url is no http, https or socks5 URL/ },
  },
  {
    name: "HTTPS_PROXY",
    files: one({ cluster: FAR }),
    env: { HTTPS_PROXY: "$PROXY" },
    expected: { ...SESAME, serverName: "api.faro.test", via: "http-proxy" },
    clientNode: "ignores HTTPS_PROXY",
  },
  {
    name: "https_proxy without a scheme",
    files: one({ cluster: FAR }),
    env: { https_proxy: "$PROXYHOST" },
    expected: { ...SESAME, serverName: "api.faro.test", via: "http-proxy" },
    clientNode: "ignores HTTPS_PROXY",
  },
  { name: "HTTPS_PROXY is not for this machine", files: one(), env: { HTTPS_PROXY: "http://127.0.0.1:1" }, expected: SESAME },
  { name: "HTTP_PROXY is not for https", files: one(), env: { HTTP_PROXY: "http://127.0.0.1:1" }, expected: SESAME },
  {
    name: "NO_PROXY names the domain, so that the name is looked up here",
    files: one({ cluster: FAR }),
    env: { HTTPS_PROXY: "$PROXY", NO_PROXY: "example.com,.faro.test" },
    expected: { error: /host name/ },
  },
  {
    name: "NO_PROXY with another port does not count",
    files: one({ cluster: FAR }),
    env: { HTTPS_PROXY: "$PROXY", NO_PROXY: "api.faro.test:443, 10.0.0.0/8" },
    expected: { ...SESAME, serverName: "api.faro.test", via: "http-proxy" },
    clientNode: "ignores HTTPS_PROXY",
  },
  {
    name: "proxy-url goes before HTTPS_PROXY and NO_PROXY",
    files: one({ cluster: `${FAR}, proxy-url: $PROXY` }),
    env: { HTTPS_PROXY: "http://127.0.0.1:1", NO_PROXY: "*" },
    expected: { ...SESAME, serverName: "api.faro.test", via: "http-proxy" },
  },
  {
    name: "a proxy that refuses",
    files: one({ cluster: `${FAR}, proxy-url: 'http://wrong:login@$PROXYHOST'` }),
    expected: { error: /the proxy answered 407/ },
  },
];

/** Signed by nobody; Faro and kubectl only read when it ends. */
function jwt(exp: number): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part({ exp })}.x`;
}

export const KUBECONFIG_CASES: readonly KubeconfigCase[] = [
  ...LOADING,
  ...CHOOSING,
  ...SERVERS,
  ...USERS,
  ...PLUGINS,
  ...PROXIES,
];
