/** Bugs of programs that follow container logs through the API. */
import type { Mutation } from "./mutation.ts";

const tests = ["src/sources/logs"];

export const LOG_BUGS: readonly Mutation[] = [
  {
    name: "log-lines-older-than-the-newest-dropped",
    story:
      "A tailer drops lines whose time is before the one above: two streams are stamped by two goroutines, and every 25th line was lost (Alloy #7076).",
    room: "sources",
    find: "if (this.#skipBefore !== undefined && second < this.#skipBefore) continue;",
    replace: "if (second < this.#newest) continue;",
    tests,
  },
  {
    name: "log-second-repeated-after-a-cut",
    story:
      "After a reconnect the last seconds are read again and sent again: `sinceTime` knows whole seconds only (Alloy #7192, kail).",
    room: "sources",
    find: 'this.#mode = this.#recent.length === 0 ? { mode: "live" } : { mode: "matching", offset: 0, matched: 0, held: [] };',
    replace: 'this.#mode = { mode: "live" };',
    tests,
  },
  {
    name: "log-repeated-lines-counted-once",
    story: "Equal lines with equal times are taken for repetitions: five thousand lines of one second become one (Alloy #5040).",
    room: "sources",
    find: "mode.left.set(hash, left - 1);",
    replace: "mode.left.set(hash, left);",
    tests,
  },
  {
    name: "log-clean-end-taken-for-the-end",
    story:
      "The kubelet ends every follow after four hours, cleanly; a tailer that takes that for the container's end reads no further (stern).",
    room: "sources",
    find: 'return followed ? { verdict: "again", after: "back-off" } : { verdict: "again", after: "poll" };',
    replace: 'return complete(followed ? "end of the log" : "read");',
    tests,
  },
  {
    name: "log-of-another-pod-of-the-name",
    story:
      "Logs are asked for by pod name: after a StatefulSet's pod is recreated its log is taken for the old one's (Vector #12014).",
    room: "sources",
    find: 'if (await isOtherPod(client, request, signal)) return { end: "other-pod" };',
    replace: "",
    tests,
  },
  {
    name: "log-in-band-error-recorded-as-a-line",
    story:
      "The kubelet answers 200 and writes its error into the body; it ends up as output of the container (k9s #1399, Kubernetes #98236).",
    room: "sources",
    find: "return IN_BAND.some((text) => head.startsWith(text));",
    replace: "return head.length < 0;",
    tests,
  },
  {
    name: "log-only-of-running-containers",
    story: "A container that starts and ends between two looks at its pod was never Running, and its log is never asked for.",
    room: "sources",
    find: 'const currentId = running === undefined ? textField(ended, "containerID") : textField(status, "containerID");',
    replace: 'const currentId = running === undefined ? undefined : textField(status, "containerID");',
    tests,
  },
  {
    name: "log-of-the-instance-before-never-read",
    story: "After a restart only `previous=true` still shows what the container said before it crashed; nobody asks.",
    room: "sources",
    find: "if (last !== undefined) this.#seeInstance(last, current !== undefined);",
    replace: "",
    tests,
  },
  {
    name: "log-streams-starve-above-the-limit",
    story:
      "With more containers than streams the first ones keep theirs for ever, and the rest is never read (stern exits instead).",
    room: "sources",
    find: "const followersMax = this.isCrowded ? this.#max - Math.ceil(this.#max * POLLING_SHARE) : this.#max;",
    replace: "const followersMax = this.#max + 0 * POLLING_SHARE;",
    tests,
  },
  {
    name: "lines-decoded-and-trimmed",
    story:
      "Lines go through text and lose `\\r` and bytes that are no UTF-8, as with Node's readline (measured: `b\\rc` became two lines).",
    room: "base",
    find: "yield this.#carryBytes === 0 ? tail : this.#join(tail);",
    replace: 'yield Buffer.from((this.#carryBytes === 0 ? tail : this.#join(tail)).toString("utf8").trimEnd());',
    tests: ["src/base"],
  },
];
