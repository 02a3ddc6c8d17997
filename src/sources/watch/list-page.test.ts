import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { ApiFailure, type ApiResource } from "../../cluster/index.ts";
import { parsePage } from "./list-page.ts";
import { RESOURCES } from "./watch-rig.cases.ts";

function page(body: string | Buffer, resource: ApiResource = RESOURCES.pods) {
  const { items, ...rest } = parsePage(Buffer.from(body), { request: "GET /pods", resource });
  return { ...rest, items: [...items] };
}

const item = (name: string, more: object = {}): string =>
  JSON.stringify({ metadata: { name, namespace: "prod", uid: `uid-${name}`, resourceVersion: "7" }, ...more });

const list = (...items: readonly string[]): string =>
  `{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"9","continue":"next"},"items":[${items.join(",")}]}\n`;

describe("a page of a list", () => {
  it("gives each item with its own bytes", () => {
    const items = [item("web-1"), item("web-2", { spec: { containers: [] } }), item("web-3")];
    const read = page(list(...items));
    expect(read).toMatchObject({ resourceVersion: "9", continueToken: "next" });
    expect(read.items.map(({ raw }) => raw.toString())).toEqual(items);
    expect(read.items.map(({ uid }) => uid)).toEqual(["uid-web-1", "uid-web-2", "uid-web-3"]);
  });

  it("is read alike where what begins an item stands within one", () => {
    const claims = { spec: { volumeClaimTemplates: [{ metadata: { name: "a" } }, { metadata: { name: "b" } }] } };
    const items = [item("web-1"), item("db-1", claims), item("db-2", claims), item("web-2")];
    expect(page(list(...items)).items.map(({ raw }) => raw.toString())).toEqual(items);
  });

  it("is read whatever stands around and between the items", () => {
    const body = `\n{ "items" : [ ${item("web-1")} , ${item("web-2")} ] ,\t"metadata":{"resourceVersion":"9"}, "kind":"PodList", "x":[1]}`;
    expect(page(body).items.map(({ name }) => name)).toEqual(["web-1", "web-2"]);
    const known = `{"kind":"PodList","metadata":{"resourceVersion":"9"},"items":[${item("web-1")} , ${item("web-2")}],"x":[1]}`;
    expect(page(known).items.map(({ name }) => name)).toEqual(["web-1", "web-2"]);
  });

  it("counts the items that nobody could tell apart", () => {
    const read = parsePage(Buffer.from(list(item("web-1"), "{}", "7", item("web-2"))), {
      request: "GET /pods",
      resource: RESOURCES.pods,
    });
    expect([...read.items].map(({ name }) => name)).toEqual(["web-1", "web-2"]);
    expect(read.unidentified).toBe(2);
  });

  it.each([
    ["no JSON", "<html>"],
    ["a list of another kind", list(item("web-1")).replace("PodList", "NodeList")],
    ["no list", '{"kind":"Status","metadata":{},"items":[]}'],
    ["no version", '{"kind":"PodList","metadata":{},"items":[]}'],
    ["no items", '{"kind":"PodList","metadata":{"resourceVersion":"9"}}'],
    ["an end that is missing", list(item("web-1")).slice(0, -3)],
    [
      "an end that comes within an item",
      list(item("web-1", { a: [{ b: [] }] }))
        .split(']},"x"')[0]
        ?.slice(0, -6) ?? "",
    ],
    ["a value that is none", list(item("web-1"), '{"metadata":tru}')],
    ["items that nothing parts", list(`${item("web-1")} ${item("web-2")}`)],
  ])("is none with %s", (_, body) => {
    expect(() => page(body)).toThrow(ApiFailure);
  });
});

test("a page is read as JSON.parse reads it, or refused where that refuses it", () => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom("", "},{", '"}', "\\", '},{"metadata":{"name":"x"}}', "é"),
      fc.integer(),
      fc.constant(null),
      fc.array(tie("any"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom("metadata", "items", "managedFields", "a"), tie("any"), { maxKeys: 3 }),
    ),
  })).any;
  const items = fc.array(
    fc
      .tuple(fc.nat(9), value)
      .map(([at, more]) => item(`web-${at}`, { spec: more, list: [{ metadata: { name: "x" } }, { metadata: more }] })),
    { maxLength: 5 },
  );
  const damage = fc.option(
    fc.tuple(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), fc.constantFrom("", "}", "]", ",", "{", '"')),
  );
  fc.assert(
    fc.property(items, damage, (texts, damaged) => {
      const whole = list(...texts);
      const [first, last] = [whole.indexOf("[") + 1, whole.lastIndexOf("]")];
      const at = first + Math.floor((damaged?.[0] ?? 0) * (last - first));
      const body = damaged === null ? whole : whole.slice(0, at) + damaged[1] + whole.slice(at + 1);
      const expected = parsed(body);
      if (expected === undefined) expect(() => page(body)).toThrow(ApiFailure);
      else expect(page(body).items.map(({ raw }) => JSON.parse(raw.toString()))).toEqual(expected);
    }),
    { numRuns: 2_000 },
  );
});

/** The items that have an identity; `undefined` where there is no list of them. */
function parsed(body: string): unknown {
  try {
    const { items } = JSON.parse(body);
    if (!Array.isArray(items)) return undefined;
    return items.filter(({ metadata }) =>
      [metadata?.uid, metadata?.name, metadata?.resourceVersion].every((text) => typeof text === "string"),
    );
  } catch {
    return undefined;
  }
}
