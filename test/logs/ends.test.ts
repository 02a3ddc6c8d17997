/** Item 107: every container instance has an end, and one that is incomplete says why. */
import { afterEach, expect, test } from "vitest";
import { KubeletWorld } from "./kubelet-world.ts";

let world: KubeletWorld;
afterEach(() => world.end());

/** The end of each instance that a stream was bound to, and whether a gap tells of what it lacks. */
function endOfEach(): Record<string, string[]> {
  const bound = new Map<string, string>();
  for (const item of world.items) if (item.item === "stream-bound") bound.set(item.stream, item.instance.containerId);
  const ends: Record<string, string[]> = Object.fromEntries([...bound.values()].map((id) => [id, []]));
  for (const item of world.items) {
    if (item.item === "stream-ended") ends[bound.get(item.stream) ?? ""]?.push(`${item.outcome}: ${item.reason}`);
  }
  return ends;
}

test("107: each instance of a crash loop has one end, and an incomplete one has a reason and a gap", async () => {
  let isDown = false;
  world = new KubeletWorld({
    faults: { onRequest: ({ url }) => (isDown && url.includes("/log?") ? { fault: "reset" } : undefined) },
  });
  for (let life = 0; life < 6; life++) {
    isDown = life === 2 || life === 3;
    const file = world.start();
    file.append(`life ${life}`, world.clock.now());
    await world.clock.advance(life % 2 === 0 ? 3_000 : 50);
    world.exit();
    await world.clock.advance(500);
  }
  isDown = false;
  world.remove();
  await world.clock.advance(120_000);
  const ends = endOfEach();
  expect(Object.keys(ends).length).toBeGreaterThanOrEqual(6);
  expect(Object.entries(ends).filter(([, said]) => said.length !== 1)).toEqual([]);
  const incomplete = Object.values(ends).flatMap((said) => said.filter((text) => !text.startsWith("complete")));
  expect(incomplete.every((text) => text.length > "incomplete: ".length)).toBe(true);
  expect(incomplete.length === 0 || world.gaps().length > 0).toBe(true);
});
