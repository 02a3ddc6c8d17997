/** Leaks that tools which show or store objects have had, and evidence that was changed in keeping it. */
import type { Mutation } from "./mutation.ts";

const tests = ["src/normalise"];

export const SECRET_BUGS: readonly Mutation[] = [
  {
    name: "secret-in-last-applied",
    story:
      "A secret is masked in the object and stands in clear in the copy that kubectl keeps in an annotation (Argo CD #897, #27790).",
    room: "normalise",
    find: "if (mayHoldCopies(text)) edits.push(",
    replace: 'if (text === "") edits.push(',
    tests,
  },
  {
    name: "secret-in-string-data",
    story: "`data` is masked, `stringData` is not (Argo CD #16193).",
    room: "normalise",
    find: 'if (member.key === "stringData") edits.push(...payloadEdits(text, member, key, false));',
    replace: "",
    tests,
  },
  {
    name: "secret-in-an-annotation",
    story:
      "Some tool copies a Secret's value into an annotation of it, and only known annotations are masked (Argo CD #5201, #15693).",
    room: "normalise",
    find: 'if (member.key === "metadata" && text[member.start] === OPEN_BRACE) edits.push(',
    replace: 'if (member.key === "meta" && text[member.start] === OPEN_BRACE) edits.push(',
    tests,
  },
  {
    name: "redactor-fails-open",
    story: "What the redactor cannot parse is stored as it came.",
    room: "normalise",
    find: "return { raw: identityOnly(raw), redactions: 1, failed: true };",
    replace: "void identityOnly;\n    return { raw, redactions: 0, failed: true };",
    tests,
  },
  {
    name: "private-key-over-lines",
    story: "A private key in a log is many lines, and a redactor that looks at one line at a time knows none of them.",
    room: "normalise",
    find: "const body = open > 0 ? redactKeyLine(line, mark) : line;",
    replace: "const body = open < 0 ? redactKeyLine(line, mark) : line;",
    tests,
  },
  {
    name: "mark-that-hides-a-change",
    story: "Every value becomes the same mark, so that nobody sees that a secret was rotated.",
    room: "normalise",
    find: 'return createHmac("sha256", key).update(value).digest("hex").slice(0, TAG_DIGITS);',
    replace: 'return createHmac("sha256", key).update(value).digest("hex").slice(0, TAG_DIGITS * 0).padEnd(TAG_DIGITS, "0");',
    tests,
  },
  {
    name: "object-written-anew",
    story: "Objects go through JSON.parse and JSON.stringify: 9007199254740993 becomes 9007199254740992, 1e400 becomes null.",
    room: "normalise",
    find: "raw: redacted.raw,\n  };",
    replace: "raw: Buffer.from(JSON.stringify(JSON.parse(redacted.raw.toString()))),\n  };",
    tests,
  },
  {
    name: "event-time-that-is-null",
    story:
      "An Event of the old recorder has `eventTime: null`, and stands at the beginning of time (or at the moment somebody read it).",
    room: "normalise",
    find: 'textOf(event["lastTimestamp"]) ??\n',
    replace: "",
    tests,
  },
];
