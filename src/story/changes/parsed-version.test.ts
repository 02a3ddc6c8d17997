import { assert, constantFrom, dictionary, jsonValue, property, record, array, string, tuple, oneof } from "fast-check";
import { expect, test } from "vitest";
import { type ParsedVersion, parseVersion } from "./parsed-version.ts";

const FILLER = "x".repeat(2_048);

function parse(text: string, before?: ParsedVersion): ParsedVersion {
  const parsed = parseVersion(Buffer.from(text), before);
  expect(parsed.value).toEqual(JSON.parse(text));
  return parsed;
}

function pod(note: string, more: { readonly image?: string; readonly managed?: readonly unknown[] } = {}): string {
  const managedFields = more.managed ?? [
    { manager: "kubectl", fieldsV1: { "f:spec": {} } },
    { manager: "kubelet", time: note, fieldsV1: { "f:status": {} } },
  ];
  const spec = { containers: [{ name: "app", image: more.image ?? "box:1" }], filler: FILLER };
  return JSON.stringify({ kind: "Pod", metadata: { name: "web", managedFields }, spec, status: { note } });
}

test("what a version has in common with the one before is the same value, and only that", () => {
  const first = parse(pod("one"));
  const second = parse(pod("two"), first);
  const third = parse(pod("two", { image: "box:12" }), second);
  expect(second.value["spec"]).toBe(first.value["spec"]);
  expect(third.value["spec"]).not.toBe(second.value["spec"]);
  const entries = ({ value }: ParsedVersion): readonly unknown[] =>
    (value["metadata"] as { readonly managedFields: readonly unknown[] }).managedFields;
  expect(entries(second)[0]).toBe(entries(first)[0]);
  expect(entries(second)[1]).not.toBe(entries(first)[1]);
});

const BLANK = String.raw`"\u0000"`;

test.each([
  ["no spec", `{"data":"${FILLER}"}`],
  ["a text that looks like a blank", `{"note":${BLANK},"spec":{"a":"${FILLER}"}}`],
  ["an escaped text that looks like a blank", String.raw`{"note":"\\u0000","spec":{"a":"${FILLER}"}}`],
  ["a spec that is somewhere else", `{"a":{"spec":{"b":1}},"spec":{"a":"${FILLER}"}}`],
  ["two specs", `{"spec":{"b":1},"spec":{"a":"${FILLER}"}}`],
  ["a spec and a blank for another", `{"spec":{"a":"${FILLER}"},"spec":${BLANK}}`],
  ["managedFields of something else", `{"a":{"managedFields":[{"b":1}]},"metadata":{},"spec":{"a":"${FILLER}"}}`],
  ["managedFields in the spec", `{"metadata":{},"spec":{"a":"${FILLER}","managedFields":[{"b":1}]}}`],
  ["two managedFields", `{"metadata":{"managedFields":[{"b":1}],"managedFields":[{"c":1}]},"spec":{"a":"${FILLER}"}}`],
  ["two metadata", `{"metadata":{"managedFields":[{"b":1}]},"metadata":{"d":1},"spec":{"a":"${FILLER}"}}`],
  ["entries that are no objects", `{"metadata":{"managedFields":[1,{"b":1}]},"spec":{"a":"${FILLER}"}}`],
  ["spaces", `{ "metadata": {"managedFields":[ {"b":1} , {"c":1} ]}, "spec":{"a":"${FILLER}"} }`],
  ["a proto", `{"metadata":{"__proto__":{"a":1}},"spec":{"__proto__":{"b":1},"a":"${FILLER}"}}`],
  ["a number that goes on", `{"spec":{"a":"${FILLER}"},"n":12345678901234567890}`],
])("is what JSON.parse says: %s", (_, text) => {
  const wanted: unknown = JSON.parse(text);
  expect(parse(text, parse(text)).value).toEqual(wanted);
  expect(parse(text, parse(pod("one"))).value).toEqual(wanted);
  expect(parse(pod("one"), parse(text)).value).toEqual(JSON.parse(pod("one")));
});

test("what is no JSON is refused as JSON.parse refuses it", () => {
  for (const text of [
    pod("one").slice(0, -1),
    `{"spec":{"a":"${FILLER}"}`,
    `{"spec":{"a":"${FILLER}",}}`,
    `{"spec":{},"a":"${FILLER}"`,
  ]) {
    expect(() => parseVersion(Buffer.from(text), undefined)).toThrow(SyntaxError);
    expect(() => parseVersion(Buffer.from(text), parse(pod("one")))).toThrow(SyntaxError);
  }
});

test("any versions one after another are what JSON.parse makes of each", () => {
  const name = oneof(string(), constantFrom("spec", "metadata", "managedFields", "\u0000", "__proto__"));
  const version = tuple(
    dictionary(name, jsonValue()),
    record({ managedFields: array(oneof(dictionary(name, jsonValue()), jsonValue()), { maxLength: 3 }) }),
    dictionary(name, jsonValue()),
    jsonValue(),
  );
  assert(
    property(array(version, { minLength: 2, maxLength: 6 }), (versions) => {
      let before: ParsedVersion | undefined;
      for (const [rest, metadata, spec, status] of [...versions, ...versions.toReversed()])
        before = parse(JSON.stringify({ ...rest, metadata, spec: { ...spec, FILLER }, status }), before);
    }),
  );
});
