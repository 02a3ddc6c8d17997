/** Item 105 of the protocol's rules: the limit on streams is a queue, never a limit on coverage. */
import { afterEach, describe, expect, test } from "vitest";
import { LogSlots } from "../../src/sources/index.ts";
import { KubeletWorld } from "./kubelet-world.ts";

let world: KubeletWorld;
afterEach(() => world.end());

const lastLines = (): (string | undefined)[] => Object.values(world.byInstance()).map((lines) => lines.at(-1));
const openStreams = (): number => world.server.streams.length;

describe("five hundred containers with a limit of fifty (105)", () => {
  test("every container's last line is read within thirty seconds, again and again, and never more than fifty at a time", async () => {
    world = new KubeletWorld({ slots: 50 });
    const files = world.together(() => Array.from({ length: 500 }, (_, number) => world.start(`c${number}`)));
    let most = 0;
    for (let round = 0; round < 2; round++) {
      for (const file of files) file.append(`round ${round}`, world.clock.now());
      for (let second = 0; second < 30; second++) {
        await world.clock.advance(1_000);
        most = Math.max(most, openStreams());
      }
      expect(lastLines()).toEqual(files.map(() => `round ${round}`));
    }
    expect(Object.values(world.byInstance()).every((lines) => lines.length === 2)).toBe(true);
    expect(most).toBeLessThanOrEqual(50);
    expect(world.gaps()).toEqual([]);
  });

  test("a container whose pod is being deleted is read at once, before all others", async () => {
    world = new KubeletWorld({ slots: 2 });
    const files = Array.from({ length: 20 }, (_, number) => world.start(`c${number}`));
    await world.clock.advance(20_000);
    world.deletionRequested();
    await world.clock.advance(1_000);
    for (const file of files) {
      file.append("last words", world.clock.now());
      file.end();
    }
    await world.clock.advance(20_000);
    expect(lastLines().filter((line) => line === "last words")).toHaveLength(20);
  });

  test("a container that nobody could read for half a minute is said to be behind, and said to be read again", async () => {
    world = new KubeletWorld({
      slots: 1,
      faults: { onRequest: ({ path }) => (path.endsWith("/log") ? { fault: "delay", ms: 20_000 } : undefined) },
    });
    const files = Array.from({ length: 4 }, (_, number) => world.start(`c${number}`));
    for (const file of files) file.append("a line", world.clock.now());
    await world.clock.advance(400_000);
    expect(lastLines()).toEqual(["a line", "a line", "a line", "a line"]);
    expect(world.behind()).toContainEqual(expect.objectContaining({ state: "opened", cause: "deferred" }));
    expect(world.behind()).toContainEqual({ item: "log-behind", state: "closed", isRead: true });
  });
});

describe("as many containers as streams", () => {
  const follows = (): number => world.server.requests.filter(({ url }) => url.includes("follow=true")).length;

  test.each(["stopped", "ended"])("a megabyte of each, and silence, are known to be whole when the recording %s", async (how) => {
    world = new KubeletWorld({ slots: 3 });
    const files = world.together(() => Array.from({ length: 3 }, (_, number) => world.start(`c${number}`)));
    await world.clock.advance(5_000);
    for (const file of files) for (let line = 0; line < 1_100; line++) file.append("x".repeat(1_000), world.clock.now());
    await world.clock.advance(60_000);
    if (how === "ended") for (const number of files.keys()) world.exit(`c${number}`);
    if (how === "ended") await world.clock.advance(20_000);
    const opened = follows();
    await world.end();
    expect(Object.values(world.byInstance()).map(({ length }) => length)).toEqual([1_100, 1_100, 1_100]);
    expect(world.gaps()).toEqual([]);
    // Of three that are silent at once one may look beside its stream: each of the others opens its own anew, once.
    expect(opened).toBeLessThanOrEqual(5);
  });

  test("one whose file was rotated and is empty is not asked for again and again", async () => {
    world = new KubeletWorld({ slots: 1 });
    const file = world.start();
    for (let line = 0; line < 1_100; line++) file.append("x".repeat(1_000), world.clock.now());
    await world.clock.advance(1_000);
    file.rotate();
    await world.clock.advance(60_000);
    expect(follows()).toBeLessThanOrEqual(2);
    file.append("last", world.clock.now());
    await world.clock.advance(1_000);
    expect(lastLines()).toEqual(["last"]);
  });
});

describe("the queue for a stream", () => {
  const granted: string[] = [];
  const signal = new AbortController().signal;

  test("serves what can be lost soonest first, and whoever has waited long before that", async () => {
    world = new KubeletWorld();
    let now = 0;
    const slots = new LogSlots(1, () => now);
    const first = await slots.acquire("known", signal);
    const ask = (urgency: Parameters<LogSlots["acquire"]>[0], name: string): void => {
      void slots.acquire(urgency, signal).then((slot) => {
        granted.push(name);
        slot.release();
      });
    };
    ask("known", "old");
    now = 6_000;
    for (const urgency of ["known", "unread", "restarted", "ended", "dying"] as const) ask(urgency, urgency);
    first.release();
    await world.clock.advance(10);
    expect(granted).toEqual(["old", "dying", "ended", "restarted", "unread", "known"]);
    expect(slots.held).toBe(0);
  });

  test("keeps a part of the slots for reading in turn while there are too many containers, and none otherwise", async () => {
    world = new KubeletWorld();
    const slots = new LogSlots(10, () => 0);
    const leave = Array.from({ length: 11 }, () => slots.enter());
    const held = await Promise.all(Array.from({ length: 10 }, () => slots.acquire("known", signal)));
    expect(held.filter(({ mayFollow }) => mayFollow)).toHaveLength(8);
    for (const slot of held) slot.release();
    leave[0]?.();
    const free = await Promise.all(Array.from({ length: 10 }, () => slots.acquire("known", signal)));
    expect(free.filter(({ mayFollow }) => mayFollow)).toHaveLength(10);
  });
});
