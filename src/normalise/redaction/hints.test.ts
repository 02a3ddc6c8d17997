import * as fc from "fast-check";
import { expect, test } from "vitest";
import { initialLogRedaction, redactLogText } from "../redact-log.ts";
import { hintsIn, mayHoldShapesIn } from "./hints.ts";
import { mayHoldCopies } from "./names.ts";
import { HELM_RELEASE, SECRET_KIND, variableEdits } from "./object-rules.ts";
import { redactShapesPlainly, SHAPE_HINTS } from "./patterns.ts";

const KEY = Buffer.alloc(16, 1);
const PARTS =
  "auths|auth|dXNlcjpwYXNz|authorization|Bearer |a1B2c3D4e5a1B2c3D4e5|secret_access_key=|://|:/|/|@|user:pass@host|ghp_|gh|xox|b-|" +
  'eyJhbGciOiJI|.eyJzdWIiOiIxMjM0|.c2ln|-----BEGIN PRIVATE KEY-----|MIIB|\\"|é|\u00a0| |"env":[{"name":"TOKEN","value":"x"}]|' +
  '"args": ["--token=x"]|"env":[]|"command":["run"]|"command":"run --token x"|last-|applied|' +
  '"Sec|ret"|sh.helm.|release.v1.|glpat-|npm_|hvs.|AKIA|:';
const texts = fc.array(fc.oneof(fc.constantFrom(...PARTS.split("|")), fc.string({ maxLength: 4 })), { maxLength: 8 });

const hasVariables = (text: string): boolean => variableEdits(Buffer.from(text, "latin1"), text, KEY).length > 0;

function hasOthers(text: string): boolean {
  const isShaped = redactShapesPlainly(text, () => "[REDACTED]") !== text;
  return isShaped || mayHoldCopies(text) || text.includes(SECRET_KIND) || text.includes(HELM_RELEASE);
}

test("whatever a rule or a pattern finds is announced, and what is not a variable by itself", () => {
  const seen = { variables: 0, others: 0, none: 0, places: 0 };
  fc.assert(
    fc.property(texts, (parts) => {
      const text = Buffer.from(parts.join(""), "utf8").toString("latin1");
      const bytes = Buffer.from(text, "latin1");
      const hints = hintsIn(bytes, 0, bytes.length);
      if (hasOthers(text)) {
        seen.others++;
        expect(hints).toBe("any");
      } else if (hasVariables(text)) {
        seen.variables++;
        expect(hints).not.toBe("none");
      } else if (hints !== "any") seen[hints]++;
    }),
    { numRuns: 5_000 },
  );
  for (const times of Object.values(seen)) expect(times).toBeGreaterThan(100);
});

test.each([...SHAPE_HINTS])("%s is announced wherever it stands", (hint) => {
  const text = Buffer.from(`containerd://0123 e${hint}`);
  expect(hintsIn(text, 0, text.length)).toBe("any");
  expect(hintsIn(text, 0, text.length - 1)).toBe("none");
});

test.each([
  ["containerd://0123456789abcdef", "none"],
  ["https://example.com/a@b", "none"],
  ['docker://sha256","x@y', "none"],
  ['"env":[],"image":"docker://sha256"', "places"],
  ["postgres://user:pass@db", "any"],
  ["a://b c://d@e", "any"],
])("an address has a user or not: %s", (text, expected) => {
  const bytes = Buffer.from(text);
  expect(hintsIn(bytes, 0, bytes.length)).toBe(expected);
});

test.each(['"env"', '"args"', '"command"'])(
  "%s is a place, and no more, also where the quote behind it begins another literal",
  (name) => {
    const text = Buffer.from(`${name}Secret"`);
    expect(hintsIn(text, 0, name.length)).toBe("places");
    expect(hintsIn(text, 0, text.length)).toBe("any");
  },
);

test("whatever is taken out of a log, and the beginning of a key that is open behind it, is announced", () => {
  const seen = { changed: 0, open: 0, none: 0 };
  fc.assert(
    fc.property(texts, fc.constantFrom("", "\n"), (parts, between) => {
      const text = Buffer.from(parts.join(between)).toString("latin1");
      const mayHold = mayHoldShapesIn(Buffer.from(text, "latin1"));
      const { text: redacted, state } = redactLogText(text, initialLogRedaction);
      if (redacted !== text) seen.changed++;
      if (state.keyLinesLeft > 0) seen.open++;
      if (!mayHold) seen.none++;
      expect(mayHold || (redacted === text && state === initialLogRedaction)).toBe(true);
      expect(mayHoldShapesIn(Buffer.from(text, "utf8"))).toBe(mayHold);
    }),
    { numRuns: 6_000 },
  );
  for (const times of Object.values(seen)) expect(times).toBeGreaterThan(50);
});
