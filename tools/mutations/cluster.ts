/** Bugs of Kubernetes clients in reaching a cluster: credentials, kubeconfigs, HTTP, discovery. */
import type { Mutation } from "./mutation.ts";

const http = ["src/cluster/http-client.test.ts"];
const auth = ["src/cluster/auth"];
const config = ["test/cluster-config"];

export const CLUSTER_BUGS: readonly Mutation[] = [
  {
    name: "refused-token-never-refreshed",
    story: "A 401 is an error and nothing else: a token that was rotated early ends the session (client-node, both majors).",
    room: "cluster",
    find: "if (first.head.status !== 401) return this.#accept(first, path);",
    replace: "if (first.head.status !== 0) return this.#accept(first, path);",
    tests: http,
  },
  {
    name: "plugin-run-for-each-request",
    story: "Five requests at once are five runs of the credential plugin, each of which may open a browser (client-node 1.4.0).",
    room: "cluster",
    find: "this.#running ??= this.#fetchOnce()",
    replace: "this.#running = this.#fetchOnce()",
    tests: auth,
  },
  {
    name: "plugin-asked-once-for-ever",
    story: "What a plugin gave is kept beyond its expiry: after an hour nothing works (client-node 2.0.1).",
    room: "cluster",
    find: 'if (state.phase === "held" && this.#clock.now() < (state.fetched.renewAt ?? Number.POSITIVE_INFINITY))',
    replace: 'if (state.phase === "held")',
    tests: auth,
  },
  {
    name: "plugin-that-hangs-is-waited-for",
    story: "A plugin that asks a person nobody sees hangs the program without a word.",
    room: "cluster",
    find: "const cancel = clock.after(timeoutMs, () => fail(",
    replace: "const cancel = clock.after(timeoutMs * 1e6, () => fail(",
    tests: auth,
  },
  {
    name: "plugin-without-exec-info",
    story: "Plugins that ask for KUBERNETES_EXEC_INFO do not get it and refuse to work (client-node).",
    room: "cluster",
    find: "const env = { ...environment.variables, ...own, KUBERNETES_EXEC_INFO: JSON.stringify(info) };",
    replace: "const env = { ...environment.variables, ...own };\n  void info;",
    tests: [...auth, ...config],
  },
  {
    name: "token-file-read-once",
    story: "A pod's token expires after an hour and its file has a new one that nobody reads.",
    room: "cluster",
    find: "const KEEP_MS = 50_000;",
    replace: "const KEEP_MS = Number.POSITIVE_INFINITY;",
    tests: auth,
  },
  {
    name: "token-lost-while-its-file-is-swapped",
    story: "The kubelet swaps a projected volume by a symlink; a read in that moment fails, and with it the request.",
    room: "cluster",
    find: "if (this.#held !== undefined) return this.#held.credentials;\n      throw",
    replace: "throw",
    tests: auth,
  },
  {
    name: "certificates-read-once",
    story: "A client certificate is rotated on disk, and the one in memory expires.",
    room: "cluster",
    find: "if (this.#files === undefined || now - this.#files.readAt >= REREAD_MS) {",
    replace: "if (this.#files === undefined) {",
    tests: http,
  },
  {
    name: "kubeconfig-list-stops-at-a-missing-file",
    story: "A file named in KUBECONFIG that is not there is an error, where kubectl reads the others (client-node).",
    room: "cluster",
    find: "if (isMissing(error)) return undefined;\n    throw message.badKubeconfig(path, error);",
    replace: "throw message.badKubeconfig(path, error);",
    tests: config,
  },
  {
    name: "kubeconfig-last-file-wins",
    story:
      "Of two files with one context name the last one counts, where for kubectl the first does: the wrong cluster is recorded.",
    room: "cluster",
    find: "return new Map(maps.toReversed().flatMap((map) => [...map]));",
    replace: "return new Map(maps.flatMap((map) => [...map]));",
    tests: config,
  },
  {
    name: "kubeconfig-groups-dropped",
    story:
      "`as-groups` of a kubeconfig is dropped without a word: the request runs with other rights than kubectl's (client-node).",
    room: "cluster",
    find: '...optional("impersonateGroups", nonEmpty(fields.texts("as-groups"))),',
    replace: "",
    tests: config,
  },
  {
    name: "kubeconfig-token-file-dropped",
    story: "`tokenFile` of a kubeconfig is dropped without a word: the user becomes anonymous (client-node).",
    room: "cluster",
    find: '...optional("tokenFile", mapped(fields.text("tokenFile"), absolute)),',
    replace: "",
    tests: config,
  },
  {
    name: "connection-for-each-request",
    story:
      "Every request opens a TLS connection of its own and leaves it open: twenty lists are twenty handshakes (client-node #2893).",
    room: "cluster",
    find: "if (generation !== undefined && isSame(generation.material, material)) return generation.pool;",
    replace: "",
    tests: http,
  },
  {
    name: "no-watchdog-on-bytes",
    story:
      "A frozen server or a connection that a load balancer forgot is waited on for ever: TCP keep-alive never noticed (client-node #596, #1496).",
    room: "cluster",
    find: "const watch = (): void => limit.start(idleTimeoutMs, failure);",
    replace: "const watch = (): void => void failure;",
    tests: http,
  },
  {
    name: "watchdog-blames-the-server-for-a-slow-reader",
    story: "While the consumer is busy the stream counts as silent and is torn down: every burst costs a reconnect.",
    room: "cluster",
    find: "limit.stopClock();\n        if (next.done === true) return;",
    replace: "if (next.done === true) return;",
    tests: http,
  },
  {
    name: "retry-after-ignored",
    story:
      "An overloaded API server asks for five seconds and gets a request every few milliseconds (client-node's informer, kubernetes-fluent-client #979).",
    room: "cluster",
    find: 'const retryAfterMs = parseRetryAfter(answer.headers["retry-after"], answer.now) ?? fromDetails;',
    replace: "const retryAfterMs = fromDetails === undefined ? undefined : 0;",
    tests: http,
  },
  {
    name: "login-page-taken-for-an-answer",
    story: "A proxy answers 200 with an HTML login page, which is then parsed as a list or as lines of a watch.",
    room: "cluster",
    find: "if (!isRedirect && !isHtml(headers)) return answer;",
    replace: "if (!isRedirect) return answer;",
    tests: http,
  },
  {
    name: "gzip-tail-dropped",
    story: "What follows behind a gzip member is dropped without a word: from 1.37 on a watch is one member per flush.",
    room: "cluster",
    find: "if (gunzip.bytesWritten !== received) throw",
    replace: "if (gunzip.bytesWritten > received) throw",
    tests: http,
  },
  {
    name: "stale-group-taken-for-removed",
    story:
      "An aggregated API whose server is down looks as if its kinds had been uninstalled (client-go: StaleGroupVersionError).",
    room: "cluster",
    find: 'isStale: text(entry, "freshness") === "Stale",',
    replace: 'isStale: text(entry, "freshness") === "never",',
    tests: ["src/cluster/discovery.test.ts"],
  },
  {
    name: "one-dead-api-hides-all",
    story: "The metrics server is down, and no kind at all can be found any more.",
    room: "cluster",
    find: "if (!(error instanceof ApiFailure) || isLimitedTo(error, [401])) throw error;",
    replace: "throw error;",
    tests: ["src/cluster/discovery.test.ts"],
  },
];
