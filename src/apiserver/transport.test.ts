import { describe, expect, onTestFinished, test } from "vitest";
import { VirtualClock } from "../base/index.ts";
import { ClusterHistory } from "./history.ts";
import { localApiServer } from "./local-server.ts";
import { startApiServer } from "./server.ts";
import type { FaultHooks } from "./faults.ts";
import { configMap } from "./test-server.cases.ts";
import type { TransportFault } from "./transport.ts";

const LIST = "/api/v1/namespaces/default/configmaps";
const WATCH = `${LIST}?watch=true&resourceVersion=1`;

interface World {
  readonly clock: VirtualClock;
  readonly history: ClusterHistory;
  /** A body as it arrives; a break ends it with the error. */
  open(url: string): Promise<AsyncIterator<Buffer>>;
}

type Form = "over sockets" | "in the process";
const FORMS: readonly Form[] = ["over sockets", "in the process"];

async function world(form: Form, faults: FaultHooks): Promise<World> {
  const clock = new VirtualClock();
  const history = new ClusterHistory({ clock });
  if (form === "in the process") {
    const server = localApiServer({ history, clock, faults });
    onTestFinished(() => server.close());
    return { clock, history, open: async (url) => (await server.exchange({ url })).body[Symbol.asyncIterator]() };
  }
  const server = await startApiServer({ history, clock, faults });
  onTestFinished(() => server.close());
  return { clock, history, open: async (url) => chunksOf(await fetch(`${server.url}${url}`)) };
}

async function* chunksOf(response: Response): AsyncGenerator<Buffer> {
  for await (const chunk of response.body ?? []) yield Buffer.from(chunk);
}

function suffering(...faults: readonly TransportFault[]): FaultHooks {
  return { onTransport: () => faults };
}

/** Everything until the end; `!` marks a break. */
async function drain(chunks: AsyncIterator<Buffer>): Promise<{ readonly text: string; readonly pieces: number }> {
  let [text, pieces] = ["", 0];
  try {
    for (;;) {
      const next = await chunks.next();
      if (next.done === true) return { text, pieces };
      text += next.value.toString("utf8");
      pieces++;
    }
  } catch {
    return { text: `${text}!`, pieces }; // how a break is named differs between fetch and the process
  }
}

/** True when `pending` has not settled although everything that is under way has had its turn. */
async function isPending(pending: Promise<unknown>, clock: VirtualClock): Promise<boolean> {
  let isSettled = false;
  const settle = (): boolean => (isSettled = true);
  void pending.then(settle, settle);
  await clock.advance(0);
  return !isSettled;
}

describe.each(FORMS)("faults of the transport %s", (form) => {
  test.each([0, 1, 20, 57])("a body that ends cleanly at byte %i, or with a break", async (bytes) => {
    const whole = '{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}'.slice(0, bytes);
    for (const how of ["end", "close", "reset"] as const) {
      const { open } = await world(form, suffering({ fault: "cut", bytes, how }));
      const body = await open(LIST).then(drain, () => ({ text: "!" }));
      expect(body.text).toBe(how === "end" ? whole : `${whole}!`);
    }
  });

  test("a stream that is cut in the middle of its second line", async () => {
    const { open, history } = await world(form, suffering({ fault: "cut", bytes: 400, how: "end" }));
    const body = await open(WATCH);
    for (const name of "abc") history.create(configMap(name));
    const { text } = await drain(body);
    expect([text.length, text.split("\n")[0]?.endsWith("}}")]).toEqual([400, true]);
  });

  test("a stall: some bytes, then silence on an open connection", async () => {
    const { open, history, clock } = await world(form, suffering({ fault: "cut", bytes: 5, how: "stall" }));
    const body = await open(WATCH);
    history.create(configMap("a"));
    expect((await body.next()).value?.toString("utf8")).toBe('{"typ');
    expect(await isPending(body.next(), clock)).toBe(true);
  });

  test("a drip of single bytes, one a second", async () => {
    const { open, history, clock } = await world(form, suffering({ fault: "drip", bytes: 1, everyMs: 1_000 }));
    const body = await open(WATCH);
    history.create(configMap("a"));
    let text = String((await body.next()).value);
    while (text.length < 5) {
      const next = body.next();
      await clock.advance(999);
      expect(await isPending(next, clock)).toBe(true);
      await clock.advance(1);
      text += String((await next).value);
    }
    expect(text).toBe('{"typ');
  });

  test("pieces of random size, every byte in its place", async () => {
    const { open, history } = await world(form, suffering({ fault: "rechunk", least: 1, most: 65_536 }));
    history.create({ ...configMap("a"), data: { large: "0123456789".repeat(40_000) } });
    const { text, pieces } = await drain(await open(LIST));
    expect(JSON.parse(text).items[0].data.large).toBe("0123456789".repeat(40_000));
    expect(pieces).toBeGreaterThan(5);
  });

  test("a proxy that waits until its buffer is full", async () => {
    const { open, history, clock } = await world(form, suffering({ fault: "buffer", bytes: 500 }));
    const body = await open(WATCH);
    history.create(configMap("a"));
    const first = body.next();
    expect(await isPending(first, clock)).toBe(true);
    for (const name of "bcd") history.create(configMap(name));
    const held = await first;
    // How many buffers full come as one chunk is up to the sockets.
    expect((held.value?.length ?? 1) % 500).toBe(0);
  });

  test("latency delays the headers and every line, and keeps the order", async () => {
    const { open, history, clock } = await world(form, suffering({ fault: "latency", ms: 5_000 }));
    const opening = open(WATCH);
    expect(await isPending(opening, clock)).toBe(true);
    await clock.advance(5_000);
    const body = await opening;
    history.create(configMap("a"));
    history.create(configMap("b"));
    const first = body.next();
    expect(await isPending(first, clock)).toBe(true);
    await clock.advance(5_000);
    expect(String((await first).value)).toContain('"name":"a"');
  });

  test("a balancer forgets a silent connection without a word", async () => {
    const { open, history, clock } = await world(form, suffering({ fault: "idle-cut", ms: 60_000 }));
    const body = await open(WATCH);
    await clock.advance(50_000);
    history.create(configMap("a"));
    expect(String((await body.next()).value)).toContain('"name":"a"');
    await clock.advance(60_000);
    history.create(configMap("b"));
    expect(await isPending(body.next(), clock)).toBe(true);
  });

  test("several at once: pieces, then the cut", async () => {
    const { open } = await world(
      form,
      suffering({ fault: "rechunk", least: 1, most: 5 }, { fault: "cut", bytes: 30, how: "close" }),
    );
    expect((await drain(await open(LIST))).text).toBe('{"kind":"ConfigMapList","apiVe!');
  });
});
