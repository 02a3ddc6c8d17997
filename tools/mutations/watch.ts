/** Bugs of programs that watch: clients of Kubernetes and what was built on them. */
import type { Mutation } from "./mutation.ts";

const tests = ["src/sources/watch"];
const line = ["src/sources/watch/watch-line.test.ts", "src/sources/watch/watcher.test.ts"];

export const WATCH_BUGS: readonly Mutation[] = [
  {
    name: "watch-without-bookmarks",
    story:
      "Nobody asks for bookmarks: a quiet kind's version ages until the next reconnect finds its history gone (client-node's informer).",
    room: "sources",
    find: "allowWatchBookmarks: true,\n        resourceVersion: from.batchStart",
    replace: "allowWatchBookmarks: false,\n        resourceVersion: from.batchStart",
    tests,
  },
  {
    name: "watch-resumes-at-the-last-version",
    story:
      "Deletions of one etcd lease share a version; a cut in their midst, and the rest is never told (every client that resumes from the last version).",
    room: "sources",
    find: "resourceVersion: from.batchStart ?? from.resourceVersion,",
    replace: "resourceVersion: from.resourceVersion,",
    tests,
  },
  {
    name: "watch-410-by-one-reason-only",
    story:
      "History that is gone comes as code 410, as `Expired` or as the older `Gone`; whoever knows one of them retries the others for ever.",
    room: "sources",
    find: 'if (line.code === 410 || line.reason === "Expired" || line.reason === "Gone")',
    replace: 'if (line.reason === "Expired")',
    tests: line,
  },
  {
    name: "watch-410-in-the-stream-ignored",
    story:
      "The API server says 200 and sends the 410 as a line of the watch; taken for data or noise, everything after it is missing (kubernetes-fluent-client).",
    room: "sources",
    find: 'if (line.code === 410 || line.reason === "Expired" || line.reason === "Gone")',
    replace: 'if (line.code === -1 && line.reason === "")',
    tests: line,
  },
  {
    name: "watch-line-that-cannot-be-read-skipped",
    story:
      "The line handler catches what JSON.parse throws and goes on with the next line: a version is skipped without a word (client-node).",
    room: "sources",
    find: 'return { step: "retry", detail: line.detail, afterMs: 0, undecodable: true };',
    replace: 'return { step: "report", what: "undecodable", detail: line.detail };',
    tests: line,
  },
  {
    name: "watch-unknown-type-skipped",
    story:
      "A line of a type that nobody knows is left out; it may have been the one that mattered (client-go's RetryWatcher stops instead).",
    room: "sources",
    find: 'return { type: "undecodable", detail: `unknown type ${JSON.stringify(type)} of a watch line` };',
    replace: 'return { type: "unidentified", detail: "unknown" };',
    tests: line,
  },
  {
    name: "watch-object-without-version-moves-on",
    story:
      "An object without resourceVersion is taken as progress, and what was sent before it is never asked for again (kube-rs: NoResourceVersion).",
    room: "sources",
    find: "if (uid === undefined || name === undefined || resourceVersion === undefined) return undefined;\n  const namespace",
    replace: "if (uid === undefined || name === undefined) return undefined;\n  const namespace",
    tests: line,
  },
  {
    name: "watch-object-written-anew",
    story:
      "Objects pass through a serializer that drops fields it does not know and rounds integers (client-node's KubernetesObjectApi).",
    room: "sources",
    find: "return line.subarray(head.length, line.lastIndexOf(CLOSE_BRACE));",
    replace:
      "return Buffer.from(JSON.stringify(JSON.parse(line.subarray(head.length, line.lastIndexOf(CLOSE_BRACE)).toString())));",
    tests: line,
  },
  {
    name: "list-of-another-kind-believed",
    story:
      "A page of something else, or a list of another kind, is taken for an empty list, and everything that was known counts as deleted.",
    room: "sources",
    find: "if (!isListOf(kind, of.resource, first.value?.value))",
    replace: "if (!isListOf(`${of.resource.kind}List`, of.resource, first.value?.value))",
    tests,
  },
  {
    name: "list-without-version-believed",
    story: "A body that broke off, or came from a proxy, is taken for a list although it names no version to go on from.",
    room: "sources",
    find: 'if (listMeta === undefined) throw refusal(of, "no metadata.resourceVersion");',
    replace:
      'if (listMeta === undefined) return { items: [], resourceVersion: "1", continueToken: "", unidentified: 0, bytes: 0 } as never;',
    tests,
  },
  {
    name: "list-pages-of-two-versions-mixed",
    story: "Pages of one list that belong to different versions are put together: a state that never was.",
    room: "sources",
    find: "if (resourceVersion !== undefined && page.resourceVersion !== resourceVersion) {",
    replace: "if (resourceVersion === null) {",
    tests,
  },
  {
    name: "list-continue-that-expired-retried",
    story: "An expired continue token is an ordinary error, and the same page is asked for until somebody restarts the program.",
    room: "sources",
    find: 'if (page.continueToken !== "" && error instanceof ApiFailure && isExpired(error.failure))',
    replace: 'if (page.continueToken === "-" && error instanceof ApiFailure && isExpired(error.failure))',
    tests,
  },
  {
    name: "back-off-below-retry-after",
    story:
      "The server says how long to wait, and the back-off knows better: a client under 429 makes the overload worse (client-node #1933).",
    room: "sources",
    find: "return Math.max(atLeastMs, this.#clock.random() * ceiling);",
    replace: "return this.#clock.random() * ceiling + 0 * atLeastMs;",
    tests,
  },
  {
    name: "back-off-that-never-grows",
    story: "After an hour without a server a client has tried five thousand times, and so have all the others.",
    room: "sources",
    find: "const ceiling = Math.min(this.#capMs, FIRST_MS * 2 ** Math.min(this.#failures, 16));",
    replace: "const ceiling = Math.min(this.#capMs, FIRST_MS);",
    tests,
  },
  {
    name: "versions-compared-as-text",
    story: "`9` counts as newer than `10`: a controller sees an old state as the newest one.",
    room: "base",
    find: "if (a.length !== b.length) return a.length - b.length;",
    replace: "",
    tests: ["src/base/base.test.ts"],
  },
];
