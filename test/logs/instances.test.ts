/** Items 90 to 109 of the protocol's rules that concern one pod, against a kubelet's files in virtual time. */
import { afterEach, describe, expect, test } from "vitest";
import type { FaultHooks, LogFile } from "../../src/apiserver/index.ts";
import { KubeletWorld, type WorldOptions } from "./kubelet-world.ts";

let world: KubeletWorld;
afterEach(() => world.end());

function open(options: WorldOptions = {}): KubeletWorld {
  world = new KubeletWorld(options);
  return world;
}

/** Writes numbered lines, a millisecond apart. */
function write(file: LogFile, count: number, from: number = 0): string[] {
  const texts = Array.from({ length: count }, (_, at) => `line ${from + at}`);
  texts.forEach((text, at) => file.append(text, world.clock.now() + at));
  return texts;
}

const isLog = (url: string): boolean => url.includes("/log?");
const followed = (): number => world.server.requests.filter(({ url }) => isLog(url) && url.includes("follow=true")).length;

describe("which containers (90, 91)", () => {
  test("90: init, restartable init, app and ephemeral containers each have a stream, one added later too", async () => {
    open();
    for (const [name, kind] of [
      ["migrate", "init"],
      ["mesh", "sidecar"],
      ["app", "app"],
    ] as const) {
      write(world.start(name, kind), 2);
      if (kind === "init") world.exit(name, 0);
    }
    await world.clock.advance(5_000);
    write(world.start("debug", "ephemeral"), 2);
    await world.clock.advance(1_000);
    const lines = ["line 0", "line 1"];
    expect(world.byInstance()).toEqual({ "migrate-0": lines, "mesh-1": lines, "app-2": lines, "debug-3": lines });
    const kinds = world.items.flatMap((item) => (item.item === "stream-bound" ? [item.instance.containerKind] : []));
    expect(kinds).toEqual(["init", "sidecar", "app", "ephemeral"]);
  });

  test("91: a container that goes from waiting to terminated in one version still yields its log", async () => {
    open();
    world.isWatched = false;
    write(world.start(), 3);
    world.exit();
    world.see();
    await world.clock.advance(1_000);
    expect(world.byInstance()).toEqual({ "app-0": ["line 0", "line 1", "line 2"] });
    expect(world.ends()).toEqual(["pod-1/app/0 complete: container ended (3)"]);
  });
});

describe("cuts (92, 93, 95)", () => {
  test("92: five thousand identical lines of one second, cut in the middle, are exactly five thousand", async () => {
    let cuts = 0;
    open({ faults: { onLogChunk: () => (cuts++ === 0 ? { fault: "cut", how: "reset" } : undefined) } });
    const file = world.start();
    const at = "2026-01-01T12:00:01.000000001Z";
    for (let line = 0; line < 5_000; line++) file.append("the same", at);
    await world.clock.advance(30_000);
    expect(cuts).toBeGreaterThan(1);
    expect(world.byInstance()["app-0"]).toHaveLength(5_000);
    expect(world.gaps()).toEqual([]);
  });

  test("93: lines that step back by three milliseconds are kept, live and across cuts", async () => {
    let chunks = 0;
    open({ faults: { onLogChunk: () => (++chunks % 7 === 3 ? { fault: "cut" } : undefined) } });
    const file = world.start();
    const texts: string[] = [];
    for (let line = 0; line < 200; line++) {
      file.append(`line ${line}`, world.clock.now() + (line % 2 === 0 ? 0 : -3), {
        stream: line % 2 === 0 ? "stdout" : "stderr",
      });
      texts.push(`line ${line}`);
      await world.clock.advance(40);
    }
    await world.clock.advance(60_000);
    expect(world.byInstance()["app-0"]).toEqual(texts);
    expect(world.gaps()).toEqual([]);
  });

  test("95: the kubelet's cut after four hours, and clean ends at random, are no ends", async () => {
    open();
    const file = world.start();
    const texts: string[] = [];
    for (let hour = 0; hour < 9; hour++) {
      texts.push(...write(file, 5, hour * 5));
      await world.clock.advance(3_600_000);
      if (hour % 3 === 1) world.server.streams[0]?.end();
    }
    await world.clock.advance(60_000);
    expect(world.byInstance()["app-0"]).toEqual(texts);
    expect(world.ends()).toEqual([]);
    world.exit();
    await world.clock.advance(10_000);
    expect(world.ends()).toEqual(["pod-1/app/0 complete: container ended (45)"]);
    expect(world.gaps()).toEqual([]);
  });

  test("95: a follow is opened anew within the hour, before anybody cuts it, and a quiet one loses nothing by it", async () => {
    open();
    const file = world.start();
    write(file, 2);
    await world.clock.advance(2 * 3_600_000 + 60_000);
    expect(followed()).toBe(3);
    write(file, 2, 2);
    await world.clock.advance(1_000);
    expect(world.byInstance()["app-0"]).toEqual(["line 0", "line 1", "line 2", "line 3"]);
  });

  test("a rotation behind the last line of a container that then is quiet for hours is no gap", async () => {
    open();
    const file = world.start();
    write(file, 3);
    await world.clock.advance(10_000);
    file.rotate();
    await world.clock.advance(5 * 3_600_000);
    write(file, 2, 3);
    await world.clock.advance(60_000);
    expect(world.byInstance()["app-0"]).toEqual(["line 0", "line 1", "line 2", "line 3", "line 4"]);
    expect(world.gaps()).toEqual([]);
  });

  test("a follow that nobody serves any more without a word is found out within ten minutes", async () => {
    let isDeaf = false;
    open({
      faults: { onLogChunk: ({ request }) => (isDeaf && request.query.get("follow") !== null ? { fault: "stall" } : undefined) },
    });
    const file = world.start();
    write(file, 2);
    await world.clock.advance(1_000);
    isDeaf = true;
    write(file, 2, 2);
    await world.clock.advance(1_000);
    isDeaf = false;
    expect(world.byInstance()["app-0"]).toHaveLength(2);
    await world.clock.advance(11 * 60_000);
    expect(world.byInstance()["app-0"]).toEqual(["line 0", "line 1", "line 2", "line 3"]);
  });
});

describe("rotation (94)", () => {
  test("94b: while disconnected is a gap with its bounds, and reading goes on behind it", async () => {
    let isDown = false;
    open({ faults: downWhile(() => isDown) });
    const file = world.start();
    write(file, 3);
    await world.clock.advance(1_000);
    isDown = true;
    world.server.streams[0]?.end();
    await world.clock.advance(20_000);
    write(file, 5, 3);
    file.rotate();
    write(file, 2, 8);
    isDown = false;
    await world.clock.advance(60_000);
    expect(world.byInstance()["app-0"]).toEqual(["line 0", "line 1", "line 2", "line 8", "line 9"]);
    expect(world.gaps()).toMatchObject([
      { cause: "rotation", from: Date.UTC(2026, 0, 1, 12), to: Date.UTC(2026, 0, 1, 12, 0, 21, 999) },
    ]);
  });

  test("94b: twice in one outage is one gap", async () => {
    let isDown = false;
    open({ faults: downWhile(() => isDown) });
    const file = world.start();
    write(file, 3);
    await world.clock.advance(1_000);
    isDown = true;
    world.server.streams[0]?.end();
    for (let turn = 0; turn < 2; turn++) {
      await world.clock.advance(5_000);
      write(file, 5, 100 * turn);
      file.rotate();
    }
    write(file, 2, 300);
    isDown = false;
    await world.clock.advance(60_000);
    expect(world.byInstance()["app-0"]).toEqual(["line 0", "line 1", "line 2", "line 300", "line 301"]);
    expect(world.gaps()).toHaveLength(1);
  });

  test("94a: while following, with everything read, loses nothing and is no gap", async () => {
    open();
    const file = world.start();
    const texts: string[] = [];
    for (let turn = 0; turn < 5; turn++) {
      texts.push(...write(file, 10, turn * 10));
      await world.clock.advance(2_000);
      file.rotate();
    }
    expect(world.byInstance()["app-0"]).toEqual(texts);
    expect(world.gaps()).toEqual([]);
  });
});

describe("restarts (96, 97)", () => {
  test("96: a crash loop at 50 ms: each instance's lines are its own, or a gap says which are lost", async () => {
    open();
    for (let life = 0; life < 5; life++) {
      const file = world.start();
      file.append(`life ${life}, first`, world.clock.now());
      file.append(`life ${life}, last`, world.clock.now() + 1);
      await world.clock.advance(50);
      world.exit();
      world.backOff();
    }
    await world.clock.advance(60_000);
    const read = world.byInstance();
    for (let life = 0; life < 5; life++) {
      const lines = read[`app-${life}`];
      if (lines === undefined) expect(world.gaps().length).toBeGreaterThan(0);
      else expect(lines).toEqual([`life ${life}, first`, `life ${life}, last`]);
    }
    expect(read["app-4"]).toHaveLength(2);
  });

  describe("96: a container that restarts faster than its status tells", () => {
    /** An instance is seen, and before anybody can ask for its log it is dead and the next one has written. */
    function overtaken(): { readonly first: readonly string[]; readonly second: readonly string[] } {
      open();
      world.isWatched = false;
      const first = write(world.start(), 2);
      world.see();
      world.exit();
      return { first, second: write(world.start(), 2, 100) };
    }

    test("what was read as the first one's log is the second one's, and the first one's is read as the previous", async () => {
      const { first, second } = overtaken();
      await world.clock.advance(400);
      world.exit();
      world.see();
      await world.clock.advance(30_000);
      expect(world.byInstance()).toEqual({ "app-0": first, "app-1": second });
      expect(world.gaps()).toEqual([]);
      expect(world.ends().toSorted()).toEqual([
        expect.stringMatching(/complete: .* \(2\)$/),
        expect.stringMatching(/complete: .* \(2\)$/),
      ]);
    });

    test("while it waits to be restarted the previous one is the second one: of the first there is a gap and no line", async () => {
      const { second } = overtaken();
      await world.clock.advance(400);
      world.exit();
      world.backOff();
      world.see();
      await world.clock.advance(30_000);
      expect(world.byInstance()).toEqual({ "app-1": second });
      expect(world.gaps()).toMatchObject([{ cause: "log-unavailable", detail: expect.stringContaining("app-0") }]);
    });

    test("also when that log was read to its end, and called complete, before the second one was seen", async () => {
      open();
      world.isWatched = false;
      const first = write(world.start(), 2);
      world.exit();
      world.see();
      const second = write(world.start(), 2, 100);
      world.exit();
      await world.clock.advance(20_000);
      expect(world.ends()).toHaveLength(1);
      world.see();
      await world.clock.advance(30_000);
      expect(world.byInstance()).toEqual({ "app-0": first, "app-1": second });
      expect(world.gaps()).toEqual([]);
    });

    test("when the pod is gone before anything can prove whose lines they are, a gap covers both instances", async () => {
      const { second } = overtaken();
      await world.clock.advance(400);
      world.exit();
      await world.clock.advance(10_000);
      world.remove();
      world.see();
      world.gone();
      await world.clock.advance(30_000);
      expect(world.byInstance()).toEqual({ "app-0": second });
      expect(world.gaps().map(({ detail }) => detail)).toEqual([
        expect.stringContaining("app-1"),
        expect.stringContaining("(containerd://app-0) may be that of the next instance"),
      ]);
    });

    test("the last one is read while the one before is not yet certain, and a deletion finds it read", async () => {
      let isSlow = false;
      open({
        faults: { onRequest: ({ query }) => (isSlow && query.get("previous") === "true" ? { fault: "hang" } : undefined) },
      });
      write(world.start(), 2);
      await world.clock.advance(1_000);
      isSlow = true;
      world.exit();
      const second = write(world.start(), 2, 100);
      await world.clock.advance(500);
      world.exit();
      await world.clock.advance(1_000);
      world.remove();
      await world.clock.advance(300_000);
      expect(world.byInstance()["app-1"]).toEqual(second);
    });
  });

  test("96: lives of which no version was seen are a gap that counts them", async () => {
    open();
    write(world.start(), 1);
    await world.clock.advance(100);
    world.isWatched = false;
    for (let life = 0; life < 4; life++) {
      world.exit();
      write(world.start(), 1, life + 1);
      await world.clock.advance(2_000);
    }
    world.see();
    await world.clock.advance(30_000);
    expect(world.gaps().map(({ cause, detail }) => `${cause}: ${detail}`)).toContain(
      "instance-lost: 2 instances of app ended between two looks at the pod",
    );
    expect(world.byInstance()["app-4"]).toEqual(["line 4"]);
    expect(world.byInstance()["app-3"]).toEqual(["line 3"]);
  });

  test("97: while a container waits to be restarted its dead instance is not read again as a new one", async () => {
    open();
    const texts = write(world.start(), 3);
    await world.clock.advance(100);
    world.exit();
    world.backOff();
    for (let look = 0; look < 5; look++) {
      world.see();
      await world.clock.advance(10_000);
    }
    expect(world.byInstance()).toEqual({ "app-0": texts });
    expect(world.ends()).toEqual(["pod-1/app/0 complete: container ended (3)"]);
  });
});

describe("the end of a pod (98, 99)", () => {
  test("98: deleted with grace: a hundred last words after the object was removed first are there", async () => {
    open();
    const file = world.start();
    const texts = write(file, 2);
    await world.clock.advance(1_000);
    world.deletionRequested();
    await world.clock.advance(500);
    world.remove();
    texts.push(...write(file, 100, 2));
    file.end();
    await world.clock.advance(30_000);
    expect(world.byInstance()["app-0"]).toEqual(texts);
    expect(world.ends()).toEqual(["pod-1/app/0 complete: pod deleted (102)"]);
  });

  test("98: with grace 0 an open stream goes on to its end", async () => {
    open();
    const file = world.start();
    const texts = write(file, 2);
    await world.clock.advance(1_000);
    world.remove();
    texts.push(...write(file, 5, 2));
    await world.clock.advance(1_000);
    file.end();
    await world.clock.advance(30_000);
    expect(world.byInstance()["app-0"]).toEqual(texts);
    expect(world.gaps()).toEqual([]);
  });

  test("98: of a pod that is gone before its log was opened the log is a gap with the reason", async () => {
    open();
    world.isWatched = false;
    write(world.start(), 2);
    world.see();
    world.remove();
    world.gone();
    await world.clock.advance(30_000);
    // Nobody saw the container end: where its node does not answer, it writes on.
    expect(world.gaps()).toMatchObject([{ cause: "log-unavailable", to: Number.POSITIVE_INFINITY }]);
    expect(world.ends()).toEqual(['pod-1/app/0 incomplete: NotFound (404): pods "web-0" not found (0)']);
  });

  test("99: a pod recreated under its name between status and request does not give its lines to the old one", async () => {
    open();
    world.isWatched = false;
    write(world.start(), 2);
    await world.clock.advance(1_000);
    world.see();
    world.remove();
    world.recreate("pod-2");
    write(world.start(), 2, 100);
    await world.clock.advance(30_000);
    expect(world.byInstance()).toEqual({});
    expect(world.gaps()).toMatchObject([
      { cause: "log-unavailable", detail: expect.stringContaining("another pod has the name") },
    ]);
  });
});

describe("answers that are no log (100, 101, 109)", () => {
  const TEXTS = [
    "unable to retrieve container logs for containerd://app-0",
    "failed to create fsnotify watcher: too many open files",
    'failed to try resolving symlinks in path "/var/log/pods/x": lstat /var/log/pods/x: no such file or directory',
    "rpc error: code = NotFound desc = an error occurred",
  ];

  test.each(
    TEXTS.flatMap((text) => (["first", "last", "after the beginning of a line"] as const).map((where) => [text, where] as const)),
  )("100: %j %s is no line; a real line with that text is one", async (text, where) => {
    let answers = 0;
    const before = where === "first" ? "" : "2026-01-01T12:00:00.000000000Z line 0\n";
    const data = `${before}${where === "after the beginning of a line" ? "2026-01-01T12:00:00.001000000Z li" : ""}${text}`;
    open({
      faults: {
        onLogChunk: ({ index }) => (answers++ < 2 ? (index === 0 ? { fault: "replace", data } : { fault: "end" }) : undefined),
      },
    });
    const file = world.start();
    const texts = write(file, 2);
    file.append(text, world.clock.now() + 5);
    world.exit();
    await world.clock.advance(120_000);
    expect(world.byInstance()["app-0"]).toEqual([...texts, text]);
  });

  test("100: a kubelet that cannot follow for want of inotify watches is polled", async () => {
    const data = "failed to create fsnotify watcher: too many open files";
    open({
      faults: {
        onRequest: ({ path, query }) =>
          path.endsWith("/log") && query.get("follow") !== null ? { fault: "respond", status: 200, body: data } : undefined,
      },
    });
    const file = world.start();
    const texts = write(file, 2);
    await world.clock.advance(10_000);
    texts.push(...write(file, 2, 2));
    await world.clock.advance(10_000);
    expect(world.byInstance()["app-0"]).toEqual(texts);
  });

  test.each([
    ["400 while it is being created", 400, 'container "app" in pod "web-0" is waiting to start: ContainerCreating'],
    ["404 of a kubelet that has just started", 404, "pod does not exist"],
    [
      "500 of a node that cannot be reached",
      500,
      'Get "https://node-1:10250/containerLogs/shop/web-0/app": dial tcp: i/o timeout',
    ],
    ["502 of a proxy", 502, "bad gateway"],
    ["504 of a proxy", 504, "gateway timeout"],
    ["429", 429, "too many requests"],
  ])("101: %s is asked again, and nothing is lost or repeated", async (_what, status, message) => {
    let answers = 0;
    open({
      faults: { onRequest: ({ path }) => (path.endsWith("/log") && answers++ % 4 !== 3 ? respond(status, message) : undefined) },
    });
    const file = world.start();
    const texts = write(file, 3);
    for (let turn = 1; turn < 5; turn++) {
      await world.clock.advance(60_000);
      world.server.streams[0]?.end();
      texts.push(...write(file, 3, turn * 3));
    }
    await world.clock.advance(60_000);
    expect(world.byInstance()["app-0"]).toEqual(texts);
    expect(world.gaps()).toEqual([]);
    expect(world.ends()).toEqual([]);
  });

  test("101: an empty answer of a pod that runs is asked again", async () => {
    let answers = 0;
    open({ faults: { onLogChunk: () => (answers++ < 3 ? { fault: "end" } : undefined) } });
    const texts = write(world.start(), 3);
    await world.clock.advance(60_000);
    expect(world.byInstance()["app-0"]).toEqual(texts);
  });

  test("109: a node that is gone for five minutes is behind, then read on; nothing is lost", async () => {
    let isDown = false;
    open({ faults: downWhile(() => isDown) });
    const file = world.start();
    const texts = write(file, 3);
    await world.clock.advance(10_000);
    isDown = true;
    world.server.streams[0]?.end();
    await world.clock.advance(5 * 60_000);
    texts.push(...write(file, 3, 3));
    expect(world.behind()).toMatchObject([{ state: "opened", cause: "unreachable", from: world.clock.now() - 5 * 60_000 }]);
    isDown = false;
    await world.clock.advance(30_000);
    expect(world.byInstance()["app-0"]).toEqual(texts);
    expect(world.behind()).toMatchObject([{ state: "opened" }, { state: "closed", isRead: true }]);
    expect(world.gaps()).toEqual([]);
  });

  test("109: a node that never comes back: asked until the pod's object goes, then a gap and the end", async () => {
    let isDown = false;
    open({ faults: downWhile(() => isDown) });
    write(world.start(), 3);
    await world.clock.advance(10_000);
    isDown = true;
    world.server.streams[0]?.end();
    world.deletionRequested();
    await world.clock.advance(5 * 60_000);
    expect(world.ends()).toEqual([]);
    world.remove();
    await world.clock.advance(120_000);
    expect(world.gaps()).toMatchObject([{ cause: "log-unavailable", from: Date.UTC(2026, 0, 1, 12) }]);
    expect(world.behind().at(-1)).toMatchObject({ state: "closed", isRead: false });
    expect(world.ends()).toHaveLength(1);
  });
});

function respond(status: number, message: string) {
  return {
    fault: "respond",
    status,
    body: { kind: "Status", apiVersion: "v1", status: "Failure", code: status, message, reason: "" },
  } as const;
}

/** The node cannot be reached; objects can. */
function downWhile(isDown: () => boolean): FaultHooks {
  return { onRequest: ({ path }) => (path.endsWith("/log") && isDown() ? respond(502, "bad gateway") : undefined) };
}

describe("lines (102, 103, 104)", () => {
  test("102: times of every zone and with any digits survive a cut as they are", async () => {
    let chunks = 0;
    open({ faults: { onLogChunk: () => (chunks++ === 0 ? { fault: "cut" } : undefined) } });
    const file = world.start();
    const times = [
      "2026-01-01T12:00:00Z",
      "2026-01-01T19:00:00.5+07:00",
      "2026-01-01T12:00:01.123Z",
      "2026-01-01T07:00:01.123456-05:00",
      "2026-01-01T12:00:02.123456789Z",
    ];
    for (const time of times) file.append("x", time);
    await world.clock.advance(60_000);
    const lines = world.items.flatMap((item) => (item.item === "lines" ? [...item.lines].map(String) : []));
    expect(lines).toEqual(times.map((time) => `${time} x`));
  });

  test("103: lines of 16 KiB and a byte less or more, of 5 MiB, empty, binary ones: every byte, across cuts", async () => {
    let chunks = 0;
    open({ faults: { onLogChunk: () => (chunks++ % 2 === 0 ? { fault: "cut" } : undefined) } });
    const file = world.start();
    const lines = [
      ...[16_383, 16_384, 16_385, 5 << 20].map((bytes) => Buffer.alloc(bytes, "x")),
      Buffer.alloc(0),
      Buffer.from([0x62, 0x0d, 0x63, 0x00, 0xff, 0xfe, 0x0d]),
    ];
    for (const line of lines) file.append(line, world.clock.now());
    world.exit();
    await world.clock.advance(300_000);
    const read = world.items.flatMap((item) => (item.item === "lines" ? [...item.lines] : []));
    expect(read.map((line) => line.subarray(31).equals(lines[read.indexOf(line)] ?? Buffer.from("no such line")))).toEqual(
      lines.map(() => true),
    );
  });

  test("103: a long line whose pieces lie on both sides of a second, with a cut after it, is not read twice", async () => {
    open();
    const file = world.start();
    const start = world.clock.now();
    file.append("x".repeat(16_384), start + 900, { partial: true });
    file.append("y".repeat(16_384), start + 1_100, { partial: true });
    file.append("end", start + 1_200);
    file.append("b", start + 3_050);
    await world.clock.advance(4_000);
    world.server.streams[0]?.end();
    file.append("c", world.clock.now());
    await world.clock.advance(30_000);
    expect(world.byInstance()["app-0"]?.map((line) => line.slice(-3))).toEqual(["end", "b", "c"]);
    expect(world.gaps()).toEqual([]);
  });

  test("103: a last line without a newline is told with its end, and no fragment of a broken connection is", async () => {
    let chunks = 0;
    open({ faults: { onLogChunk: () => (chunks++ === 0 ? { fault: "cut", bytes: 40 } : undefined) } });
    const file = world.start();
    file.append("one", world.clock.now());
    file.append("two", world.clock.now());
    file.append("no newline", world.clock.now(), { partial: true });
    await world.clock.advance(20_000);
    world.exit();
    await world.clock.advance(30_000);
    expect(world.byInstance()["app-0"]).toEqual(["one", "two", "no newline"]);
    expect(world.items.flatMap((item) => (item.item === "lines" && item.unterminated ? item.lines.length : []))).toEqual([1]);
  });

  test("104: a piece of stdout and a line of stderr that were glued together do not break alignment", async () => {
    open();
    const file = world.start();
    const start = world.clock.now();
    file.append("stdout, unfinished", start + 900, { partial: true });
    file.append("stderr", start + 1_100, { stream: "stderr" });
    file.append("b", start + 3_050);
    await world.clock.advance(4_000);
    for (let turn = 0; turn < 3; turn++) {
      world.server.streams[0]?.end();
      file.append(`c${turn}`, world.clock.now());
      await world.clock.advance(20_000);
    }
    expect(world.byInstance()["app-0"]).toEqual(["stdout, unfinishedstderr", "b", "c0", "c1", "c2"]);
    expect(world.gaps()).toEqual([]);
  });
});

describe("where to begin", () => {
  test("with a time only lines from then on are read, with a number only the last; later cuts go on as ever", async () => {
    for (const [from, expected] of [
      [{ sinceSecond: Date.UTC(2026, 0, 1, 12, 0, 2) / 1_000 }, ["line 2", "line 3", "line 4"]],
      [{ tailLines: 2 }, ["line 2", "line 3", "line 4"]],
    ] as const) {
      open({ follower: { from } });
      const file = world.start();
      for (let line = 0; line < 4; line++) file.append(`line ${line}`, world.clock.now() + line * 1_000);
      await world.clock.advance(5_000);
      world.server.streams[0]?.end();
      file.append("line 4", world.clock.now());
      await world.clock.advance(20_000);
      expect(world.byInstance()["app-0"]).toEqual(expected);
      await world.end();
    }
  });
});
