import { describe, expect, test } from "vitest";
import { textAt } from "../json-value.ts";
import { configMap, configMapRef, openServer, type TestServer } from "../test-server.cases.ts";

const LIST = "/api/v1/namespaces/default/configmaps";

/** `revision: name@revision …`, or the status and its message. */
async function list(server: TestServer, query: string): Promise<string> {
  const { status, body } = await server.get(`${LIST}?${query}`);
  if (status !== 200) return `${status} ${textAt(body, "message")}`;
  const parsed = body as {
    readonly metadata: { readonly resourceVersion: string };
    readonly items: readonly { readonly metadata: { readonly name: string; readonly resourceVersion: string } }[];
  };
  const items = parsed.items.map((item) => `${item.metadata.name}@${item.metadata.resourceVersion}`);
  return `${parsed.metadata.resourceVersion}: ${items.join(" ")}`;
}

/** a, b, c created at 2, 3, 4; b changed at 5, a removed at 6. */
async function openWithHistory(): Promise<TestServer> {
  const server = await openServer();
  for (const name of ["a", "b", "c"]) server.history.create(configMap(name));
  server.history.update(configMap("b", "2"));
  server.history.remove(configMapRef("a"));
  return server;
}

describe("which state a list shows", () => {
  test.each([
    ["", "6: b@5 c@4"],
    ["resourceVersion=0", "6: b@5 c@4"],
    ["resourceVersion=0&limit=1", "6: b@5 c@4"],
    ["resourceVersion=3", "6: b@5 c@4"],
    ["resourceVersion=3&resourceVersionMatch=NotOlderThan", "6: b@5 c@4"],
    ["resourceVersion=3&resourceVersionMatch=Exact", "3: a@2 b@3"],
    ["resourceVersion=6&resourceVersionMatch=Exact", "6: b@5 c@4"],
    ["resourceVersion=4&limit=500", "4: a@2 b@3 c@4"],
    ["resourceVersion=5&resourceVersionMatch=Exact&fieldSelector=metadata.name%3Da", "5: a@2"],
    ["fieldSelector=metadata.name!%3Db", "6: c@4"],
    ["fieldSelector=metadata.namespace%3Dother", "6: "],
    ["labelSelector=value%3D2", "6: b@5"],
    ["labelSelector=value in (1,3)", "6: c@4"],
  ])("%j: %s", async (query, expected) => {
    expect(await list(await openWithHistory(), query)).toBe(expected);
  });

  test("items of built-in kinds come without their type, and only from the namespace asked for", async () => {
    const { get, history } = await openServer();
    history.create(configMap("a"));
    history.create(configMap("z", "1", "other"));
    expect((await get(LIST)).text).toMatch(
      /^\{"kind":"ConfigMapList","apiVersion":"v1","metadata":\{"resourceVersion":"3"\},"items":\[\{"metadata":/,
    );
    expect((await get(LIST)).body).toMatchObject({ items: [{ metadata: { name: "a" } }] });
    expect((await get("/api/v1/configmaps")).body).toMatchObject({
      items: [{ metadata: { name: "a" } }, { metadata: { name: "z" } }],
    });
  });
});

describe("what a list refuses", () => {
  const INVALID = 'ListOptions.meta.k8s.io "" is invalid:';
  const UNLESS = "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided";
  const WHEN = "Forbidden: resourceVersionMatch is forbidden when continue is provided";

  test.each([
    ["resourceVersionMatch=Exact", `422 ${INVALID} resourceVersionMatch: ${UNLESS}`],
    [
      "resourceVersion=0&resourceVersionMatch=Exact",
      `422 ${INVALID} resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"`,
    ],
    [
      "resourceVersion=1&resourceVersionMatch=Newest",
      `422 ${INVALID} resourceVersionMatch: Unsupported value: "Newest": supported values: "Exact", "NotOlderThan", ""`,
    ],
    ["resourceVersionMatch=Exact&continue=x", `422 ${INVALID} [resourceVersionMatch: ${UNLESS}, resourceVersionMatch: ${WHEN}]`],
    ["sendInitialEvents=true", `422 ${INVALID} sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list`],
    ["resourceVersion=abc", '400 resourceVersion: Invalid value: "abc": invalid resource version'],
    ["limit=many", '400 strconv.ParseInt: parsing "many": invalid syntax (limit)'],
    ["continue=!!", "400 continue key is not valid: it was not made by this server"],
    ["fieldSelector=spec.x%3D1", "400 field label not supported: spec.x"],
    ["labelSelector=a b", "400 unable to parse requirement: found 'a b', expected: identifier"],
  ])("%j: %s", async (query, expected) => {
    expect(await list(await openWithHistory(), query)).toBe(expected);
  });

  test("a compacted revision is gone", async () => {
    const server = await openWithHistory();
    server.history.compact(5);
    const query = "resourceVersion=3&resourceVersionMatch=Exact";
    expect(await list(server, query)).toBe("410 The resourceVersion for the provided list is too old.");
    expect((await server.get(`${LIST}?${query}`)).body).toMatchObject({ reason: "Expired", code: 410 });
  });

  test.each(["resourceVersion=9", "resourceVersion=9&resourceVersionMatch=Exact"])(
    "a revision that does not come within 3 s is a 504: %s",
    async (query) => {
      const server = await openWithHistory();
      const answer = server.get(`${LIST}?${query}`);
      while (server.server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
      await server.clock.advance(3_000);
      expect(await answer).toMatchObject({
        status: 504,
        body: {
          message: "Timeout: Too large resource version: 9, current: 6",
          details: { causes: [{ reason: "ResourceVersionTooLarge" }], retryAfterSeconds: 1 },
        },
      });
      expect((await answer).headers.get("retry-after")).toBe("1");
    },
  );

  test("a revision that comes in time is waited for", async () => {
    const server = await openWithHistory();
    const answer = list(server, "resourceVersion=7");
    while (server.server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    server.history.create(configMap("d"));
    expect(await answer).toBe("7: b@5 c@4 d@7");
  });
});

describe("pages", () => {
  async function page(
    server: TestServer,
    query: string,
  ): Promise<{
    readonly names: string;
    readonly token: string;
    readonly remaining: number | undefined;
    readonly revision: string;
  }> {
    const { body } = await server.get(`${LIST}?${query}`);
    const parsed = body as {
      readonly metadata: { readonly continue?: string; readonly remainingItemCount?: number; readonly resourceVersion: string };
      readonly items: readonly { readonly metadata: { readonly name: string } }[];
    };
    return {
      names: parsed.items.map((item) => item.metadata.name).join(""),
      token: encodeURIComponent(parsed.metadata.continue ?? ""),
      remaining: parsed.metadata.remainingItemCount,
      revision: parsed.metadata.resourceVersion,
    };
  }

  async function openWithFive(): Promise<TestServer> {
    const server = await openServer();
    for (const name of "abcde") server.history.create(configMap(name));
    return server;
  }

  test("show one snapshot, whatever happens meanwhile", async () => {
    const server = await openWithFive();
    const first = await page(server, "limit=2");
    expect(first).toMatchObject({ names: "ab", remaining: 3, revision: "6" });
    server.history.remove(configMapRef("d"));
    server.history.create(configMap("cc"));
    const second = await page(server, `limit=2&continue=${first.token}`);
    expect(second).toMatchObject({ names: "cd", remaining: 1, revision: "6" });
    expect(await page(server, `limit=2&continue=${second.token}`)).toEqual({
      names: "e",
      token: "",
      remaining: undefined,
      revision: "6",
    });
  });

  test("of a selection do not say how many remain", async () => {
    const server = await openWithFive();
    expect(await page(server, "limit=2&labelSelector=value")).toMatchObject({ names: "ab", remaining: undefined });
  });

  test("whose snapshot was compacted answer 410 with a token for the inconsistent rest", async () => {
    const server = await openWithFive();
    const first = await page(server, "limit=2");
    server.history.create(configMap("f"));
    server.history.compact(7);
    const gone = await server.get(`${LIST}?limit=2&continue=${first.token}`);
    expect(gone).toMatchObject({
      status: 410,
      body: { reason: "Expired", message: expect.stringContaining("The provided continue parameter is too old") },
    });
    const rest = await page(server, `continue=${encodeURIComponent(textAt(gone.body, "metadata", "continue") ?? "")}`);
    expect(rest).toMatchObject({ names: "cdef", revision: "7" });
  });

  test("take no revision of their own", async () => {
    const server = await openWithFive();
    const { token } = await page(server, "limit=2");
    expect((await server.get(`${LIST}?continue=${token}&resourceVersion=3`)).body).toMatchObject({
      code: 400,
      message: "specifying resource version is not allowed when using continue",
    });
  });
});
