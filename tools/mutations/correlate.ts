/** Bugs of programs that put objects, Events and logs together. */
import type { Mutation } from "./mutation.ts";

const tests = ["src/correlate"];

export const CORRELATE_BUGS: readonly Mutation[] = [
  {
    name: "event-given-to-the-name",
    story: "An Event about the old `web-0` arrives after the new one exists, and is told as if it were about the new one.",
    room: "correlate",
    find: "const last = bearers.findLast((node) => node.bornAt <= subject.atMs + SLACK_MS);",
    replace: "const last = bearers.at(-1);",
    tests,
  },
  {
    name: "node-event-by-uid-alone",
    story: "Events about a Node carry the node's name as uid, and match nothing (Kubernetes #29289, kubectl #1838).",
    room: "correlate",
    find: 'return ref.uid === undefined || ref.uid === ref.name || ref.kind === "Node" || STATIC_POD_HASH.test(ref.uid);',
    replace: "return ref.uid === undefined && STATIC_POD_HASH.source !== ref.kind;",
    tests,
  },
  {
    name: "owner-in-another-namespace",
    story:
      "An owner reference into another namespace is followed, although Kubernetes does not honour it: two teams' objects in one story.",
    room: "correlate",
    find: "return !owner.isSeen || owner.namespace === undefined || owner.namespace === child.namespace;",
    replace: 'return child.name !== "" || owner.name !== "";',
    tests,
  },
  {
    name: "late-record-dropped",
    story: "A record that comes after the time-out finds its story closed and is dropped: Events come up to half an hour late.",
    room: "correlate",
    find: 'story.state = "open";\n      story.isReopened = true;',
    replace: 'if (story.state === "completed") continue;\n      story.isReopened = true;',
    tests,
  },
  {
    name: "deletion-requested-taken-for-deleted",
    story: "An object with a deletionTimestamp counts as gone, while finalizers hold it for hours (or for ever).",
    room: "correlate",
    find: 'if (record.change === "DELETED") node.deletedAt ??= atMs;',
    replace: 'if (record.change === "DELETED" || record.deleting === true) node.deletedAt ??= atMs;',
    tests,
  },
  {
    name: "orphan-forgotten",
    story: "`kubectl delete --cascade=orphan` takes the owner reference away, and the story loses what it had already told.",
    room: "correlate",
    find: 'const owners = edges === "now" ? node.owners : [...node.owners, ...node.formerOwners];',
    replace: 'const owners = edges === "now" ? node.owners : [...node.owners];',
    tests,
  },
];
