/** Connecting while a network is away and when it comes back, on virtual time: a relay forgets connections, or forwards them. */
import { type AddressInfo, connect, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { afterEach, expect, it } from "vitest";
import { fixture } from "../../test/cluster-config/capture-server.ts";
import { VirtualClock } from "../base/index.ts";
import { persistentConnector } from "./connecting.ts";

const servers: Server[] = [];
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

async function portOf(server: Server): Promise<number> {
  servers.push(server);
  server.on("connection", (socket: Socket) => void sockets.push(socket.on("error", () => socket.destroy())));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

function tlsServer(): Promise<number> {
  return portOf(createTlsServer({ cert: fixture("server.crt"), key: fixture("server.key") }));
}

/** What came by, and what is done with the next that comes: nothing is ever said to one that is forgotten. */
interface Relay {
  readonly port: number;
  accepted: number;
  onAccept: () => void;
  answer: (near: Socket) => void;
}

async function relay(answer: (near: Socket) => void): Promise<Relay> {
  const facts = { accepted: 0, answer, onAccept: (): void => undefined };
  const server = createTcpServer((near) => {
    facts.accepted++;
    facts.answer(near);
    facts.onAccept();
  });
  return Object.assign(facts, { port: await portOf(server) });
}

const forget = (near: Socket): void => void near.resume();

function forwardTo(port: number): (near: Socket) => void {
  return (near) => {
    const far = connect(port, "127.0.0.1").on("error", () => near.destroy());
    sockets.push(far);
    near.pipe(far).pipe(near);
  };
}

/** Resolves when the relay has taken so many connections. */
function taken(by: Relay, count: number): Promise<void> {
  return new Promise((resolve) => {
    by.onAccept = () => by.accepted >= count && resolve();
    by.onAccept();
  });
}

/** Sockets know no virtual time: on a machine that is busy an attempt may take long by the real one. */
const PATIENCE_MS = 120_000;

function connecting(
  port: number,
  clock: VirtualClock,
  timeout: number = PATIENCE_MS,
): Promise<{ error?: Error; socket?: Socket }> {
  const connector = persistentConnector({ ca: fixture("ca.crt"), timeout }, clock, PATIENCE_MS);
  return new Promise((resolve) => {
    connector({ hostname: "127.0.0.1", protocol: "https:", port: String(port) }, (...[error, socket]) => {
      if (error !== null) return resolve({ error });
      sockets.push(socket);
      resolve({ socket });
    });
  });
}

it("takes the first connection where nothing hangs, and makes no other", async () => {
  const clock = new VirtualClock();
  const through = await relay(forwardTo(await tlsServer()));
  expect((await connecting(through.port, clock)).socket?.writable).toBe(true);
  await clock.advance(60_000);
  expect(through.accepted).toBe(1);
});

it("stands within 1.2 s of a network's return, whatever became of the attempts before", async () => {
  const clock = new VirtualClock();
  const port = await tlsServer();
  const through = await relay(forget);
  const result = connecting(through.port, clock);
  await taken(through, 1);
  for (let count = 2; count <= 4; count++) {
    await clock.advance(1_200);
    await taken(through, count);
  }
  through.answer = forwardTo(port);
  await clock.advance(1_200);
  expect((await result).socket?.writable).toBe(true);
});

it("joins only some of very many attempts at a time, and others when those are over", async () => {
  const clock = new VirtualClock();
  const hung: Socket[] = [];
  const through = await relay((near) => void hung.push(near.resume()));
  const connector = persistentConnector({ ca: fixture("ca.crt"), timeout: PATIENCE_MS }, clock, PATIENCE_MS);
  let failed = 0;
  const connectOnce = (): void =>
    connector({ hostname: "127.0.0.1", protocol: "https:", port: String(through.port) }, () => void failed++);
  for (let count = 0; count < 50; count++) connectOnce();
  await taken(through, 32);
  await clock.advance(1_200);
  await taken(through, 64);
  // Those that hang make room for the 18 that wait.
  await clock.advance(1_800);
  await taken(through, 82);
  await clock.advance(1_200);
  // One that is not joined yet shows that nothing more is on its way.
  connectOnce();
  await taken(through, 83);
  expect(through.accepted).toBe(83);

  for (const near of hung.slice(32, 64)) near.resetAndDestroy();
  await expect.poll(() => failed).toBe(32);
  await clock.advance(1_200);
  // Each of the 19 that are left.
  await taken(through, 83 + 19);
});

it("begins some of very many connections at a time, and the next as soon as one stands or has failed", async () => {
  const clock = new VirtualClock();
  const forward = forwardTo(await tlsServer());
  const held: Socket[] = [];
  const through = await relay((near) => void held.push(near.pause()));
  const connector = persistentConnector({ ca: fixture("ca.crt"), timeout: PATIENCE_MS }, clock, PATIENCE_MS);
  let [stand, failed] = [0, 0];
  for (let count = 0; count < 80; count++)
    connector({ hostname: "127.0.0.1", protocol: "https:", port: String(through.port) }, (...[error, socket]) => {
      if (error === null) sockets.push(socket);
      if (error === null) stand++;
      else failed++;
    });
  for (let begun = 0; begun < 80; begun++) {
    await taken(through, Math.min(begun + 32, 80));
    expect([through.accepted, stand + failed]).toEqual([Math.min(begun + 32, 80), begun]);
    const near = held[begun];
    if (near === undefined) throw new Error("none has begun");
    if (begun % 2 === 0) near.resetAndDestroy();
    else forward(near);
    await expect.poll(() => stand + failed, { interval: 1 }).toBe(begun + 1);
  }
  expect([stand, failed]).toEqual([40, 40]);
});

it("says what the network says now, not what it said first", async () => {
  const clock = new VirtualClock();
  const through = await relay(forget);
  const result = connecting(through.port, clock);
  await taken(through, 1);
  through.answer = (near) => near.resetAndDestroy();
  await clock.advance(1_200);
  expect((await result).error).toMatchObject({ code: "ECONNRESET" });
  const { accepted } = through;
  await clock.advance(60_000);
  expect(through.accepted).toBe(accepted);
});

it("closes a connection that stands when another was taken", async () => {
  const clock = new VirtualClock();
  const port = await tlsServer();
  const held: Socket[] = [];
  const through = await relay((near) => void held.push(near.pause()));
  const result = connecting(through.port, clock);
  await taken(through, 1);
  through.answer = forwardTo(port);
  await clock.advance(1_200);
  expect((await result).socket?.writable).toBe(true);
  const [first] = held;
  if (first === undefined) throw new Error("no first attempt");
  const ended = new Promise<void>((resolve) => void first.once("close", () => resolve()));
  forwardTo(port)(first);
  first.resume();
  await ended;
});

it("fails when the time of the first attempt is over", async () => {
  const clock = new VirtualClock();
  const through = await relay(forget);
  expect((await connecting(through.port, clock, 1_500)).error).toMatchObject({ code: "UND_ERR_CONNECT_TIMEOUT" });
});
