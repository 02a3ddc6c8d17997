import * as fc from "fast-check";
import { expect, test } from "vitest";
import { mayHoldSecrets } from "./hints.ts";
import { mayHoldCopies } from "./names.ts";
import { HELM_RELEASE, SECRET_KIND, variableEdits } from "./object-rules.ts";
import { redactShapesPlainly, SHAPE_HINTS } from "./patterns.ts";

const KEY = Buffer.alloc(16, 1);
const PARTS =
  "auths|auth|dXNlcjpwYXNz|authorization|Bearer |a1B2c3D4e5a1B2c3D4e5|secret_access_key=|://|:/|/|@|user:pass@host|ghp_|gh|xox|b-|" +
  'eyJhbGciOiJI|.eyJzdWIiOiIxMjM0|.c2ln|-----BEGIN PRIVATE KEY-----|MIIB|\\"|é|\u00a0| |"env":[{"name":"TOKEN","value":"x"}]|' +
  '"args": ["--token=x"]|"command":"run --token x"|last-|applied|"Sec|ret"|sh.helm.|release.v1.|glpat-|npm_|hvs.|AKIA|:';
const texts = fc.array(fc.oneof(fc.constantFrom(...PARTS.split("|")), fc.string({ maxLength: 4 })), { maxLength: 8 });

function isAnythingFound(text: string): boolean {
  const isEdited = variableEdits(Buffer.from(text, "latin1"), text, KEY).length > 0;
  const isShaped = redactShapesPlainly(text, () => "[REDACTED]") !== text;
  return isEdited || isShaped || mayHoldCopies(text) || text.includes(SECRET_KIND) || text.includes(HELM_RELEASE);
}

test("whatever a rule or a pattern finds is announced", () => {
  let found = 0;
  let passed = 0;
  fc.assert(
    fc.property(texts, (parts) => {
      const text = Buffer.from(parts.join(""), "utf8").toString("latin1");
      const bytes = Buffer.from(text, "latin1");
      const isAnnounced = mayHoldSecrets(bytes, 0, bytes.length);
      if (isAnythingFound(text)) {
        found++;
        expect(isAnnounced).toBe(true);
      } else if (!isAnnounced) passed++;
    }),
    { numRuns: 5_000 },
  );
  expect(found).toBeGreaterThan(500);
  expect(passed).toBeGreaterThan(500);
});

test.each([...SHAPE_HINTS])("%s is announced wherever it stands", (hint) => {
  const text = Buffer.from(`containerd://0123 e${hint}`);
  expect(mayHoldSecrets(text, 0, text.length)).toBe(true);
  expect(mayHoldSecrets(text, 0, text.length - 1)).toBe(false);
});

test.each([
  ["containerd://0123456789abcdef", false],
  ["https://example.com/a@b", false],
  ['docker://sha256","x@y', false],
  ["postgres://user:pass@db", true],
  ["a://b c://d@e", true],
])("an address has a user or not: %s", (text, expected) => {
  const bytes = Buffer.from(text);
  expect(mayHoldSecrets(bytes, 0, bytes.length)).toBe(expected);
});
