import { expect, test } from "vitest";
import type { ApiClient } from "../../cluster/index.ts";
import { listPages } from "./list.ts";
import { RESOURCES } from "./watch-rig.cases.ts";

const item = (name: string): string => JSON.stringify({ metadata: { name, uid: `uid-${name}`, resourceVersion: "7" } });

test("pages take one another's memory, and their items keep what they said", async () => {
  const rooms = new Set<ArrayBufferLike>();
  const pages = [["web-1", "web-2"], ["db-1", "db-2"], ["job"]];
  const client: Pick<ApiClient, "server" | "read"> = {
    server: "https://server",
    read: async ({ query, lend }) => {
      const at = Number(query?.["continue"] ?? 0);
      const metadata = { resourceVersion: "9", ...(at + 1 < pages.length ? { continue: String(at + 1) } : {}) };
      const text = `{"kind":"PodList","metadata":${JSON.stringify(metadata)},"items":[${pages[at]?.map(item).join() ?? ""}]}`;
      const body = lend?.(text.length) ?? Buffer.alloc(0);
      body.write(text);
      rooms.add(body.buffer);
      return { status: 200, headers: {}, body };
    },
  };
  const all: Buffer[] = [];
  const target = { resource: RESOURCES.pods, metadataOnly: false };
  for await (const page of listPages(client as ApiClient, target, { whole: false, signal: new AbortController().signal }))
    for (const { raw } of page.items) all.push(raw);
  expect(all.map((raw) => raw.toString())).toEqual(pages.flat().map(item));
  expect(rooms.size).toBe(1);
});
