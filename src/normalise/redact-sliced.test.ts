import * as fc from "fast-check";
import { expect, test } from "vitest";
import { findMember, elements } from "../base/index.ts";
import type { PlacedSlice } from "../sources/index.ts";
import { redactObject } from "./redact.ts";
import { SHAPE_HINTS } from "./redaction/patterns.ts";

const KEY = Buffer.alloc(16, 1);

/** Parts that rules and patterns look for, whole and in halves, so that chance puts them on either side of a slice's ends. */
const PARTS =
  "auths|auth|dXNlcjpwYXNz|authorization|Bearer |bearer|a1B2c3D4e5a1B2c3D4e5|secret_access_key|://|user:pass@host|eyJhbGciOiJI|" +
  '.eyJzdWIiOiIxMjM0|.c2ln|--token=|canary|--verbose|PASSWORD|conn|-----BEGIN PRIVATE KEY-----|MIIB|\\|"|é|{|}|[|]|,|: ';
const words = fc.array(fc.constantFrom(...PARTS.split("|")), { maxLength: 4 }).map((parts) => parts.join(""));
const keys = fc.oneof(
  fc.constantFrom(
    "env",
    "args",
    "command",
    "kind",
    "data",
    "name",
    "value",
    "auth",
    "authorization",
    "a/last-applied-configuration",
    "spec",
  ),
  words,
);
const values = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, words, fc.constant("Secret"), tie("list"), tie("object"), tie("env")),
  list: fc.array(tie("value"), { maxLength: 3 }),
  object: fc.dictionary(keys, tie("value"), { maxKeys: 3 }),
  env: fc.record({
    env: fc.array(fc.record({ name: fc.constantFrom("DB_PASSWORD", "LEVEL", "api_key"), value: words }), { maxLength: 2 }),
  }),
}));
const objects = fc.record({
  kind: fc.constantFrom("Pod", "Deployment", "Secret", "ConfigMap"),
  metadata: fc.record({ name: words, annotations: values.object, managedFields: fc.array(values.object, { maxLength: 2 }) }),
  data: fc.dictionary(keys, words, { maxKeys: 1 }),
  spec: values.object,
  status: values.value,
});

/** The spec and the entries of `managedFields`, as a watch gives them. */
function slicesOf(raw: Buffer): PlacedSlice[] {
  const at = (start: number, key: string) => findMember(raw, start, key) ?? { start: 0, end: 0 };
  const managed = at(at(0, "metadata").start, "managedFields");
  const spans = [...elements(raw, managed.start), at(0, "spec")];
  return spans.map(({ start, end }) => ({ start, slice: { bytes: Buffer.from(raw.subarray(start, end)), value: undefined } }));
}

test("an object is redacted by its slices as it is redacted whole, the first time and again", () => {
  let hits = 0;
  fc.assert(
    fc.property(objects, fc.constantFrom("Pod", "Deployment", "Secret", "ConfigMap"), (object, kind) => {
      const raw = Buffer.from(JSON.stringify(object));
      const what = { apiVersion: "v1", kind };
      const told = (given?: readonly PlacedSlice[]): string => {
        const { raw: redacted, ...counts } = redactObject(raw, what, KEY, { slices: given });
        return `${JSON.stringify(counts)} ${redacted.toString("latin1")}`;
      };
      const whole = told();
      const slices = slicesOf(raw);
      expect(told(slices)).toBe(whole);
      expect(told(slices)).toBe(whole);
      if (whole.includes("REDACTED")) hits++;
    }),
    { numRuns: 1_500 },
  );
  expect(hits).toBeGreaterThan(200);
});

test("what was found in a slice with one key is found again with another", () => {
  const raw = Buffer.from(
    JSON.stringify({ metadata: { managedFields: [] }, spec: { env: [{ name: "TOKEN", value: "canary" }] } }),
  );
  const slices = slicesOf(raw);
  const what = { apiVersion: "v1", kind: "Pod" };
  const texts = [KEY, Buffer.alloc(16, 2)].map((key) => redactObject(raw, what, key, { slices }).raw.toString());
  expect(texts[0]).not.toContain("canary");
  expect(texts[1]).toBe(redactObject(raw, what, Buffer.alloc(16, 2)).raw.toString());
  expect(texts[0]).not.toBe(texts[1]);
});

test("an object is redacted as it is by itself when it has all but digits in common with one before", () => {
  const stamps = fc.stringMatching(/^[0-9.:TZ-]{8}$/);
  const counts = fc.integer({ min: 100, max: 999 });
  let known = 0;
  fc.assert(
    fc.property(words, values.object, fc.array(fc.tuple(stamps, counts), { minLength: 2, maxLength: 3 }), (word, common, all) => {
      const stencil = { places: [], members: { own: [], below: [] } };
      for (const [time, count] of all) {
        const raw = Buffer.from(JSON.stringify({ [word]: time, count, common, time, next: word }));
        const what = { apiVersion: "v1", kind: "Event" };
        const told = redactObject(raw, what, KEY, { stencil });
        expect(told.raw.toString("latin1")).toBe(redactObject(raw, what, KEY).raw.toString("latin1"));
        if (told.raw === raw) known++;
      }
    }),
    { numRuns: 3_000 },
  );
  expect(known).toBeGreaterThan(500);
});

test("what digits are in a secret's shape stands beside a letter, which no value of digits holds", () => {
  const withDigits = SHAPE_HINTS.filter((hint) => /\d/.test(hint));
  expect(withDigits.filter((hint) => !/[a-zA-SU-Y_]\d/.test(hint))).toEqual([]);
});

test("a Secret is redacted whatever it has in common with one before", () => {
  const stencil = { places: [], members: { own: [], below: [] } };
  const raw = Buffer.from('{"data":{"a":"c2VjcmV0"}}');
  for (const kind of ["Event", "Secret"])
    expect(redactObject(raw, { apiVersion: "v1", kind }, KEY, { stencil }).redactions).toBe(kind === "Secret" ? 1 : 0);
});
