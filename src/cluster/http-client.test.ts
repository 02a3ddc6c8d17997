import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { fixture } from "../../test/cluster-config/capture-server.ts";
import { type Clock, systemClock, VirtualClock } from "../base/index.ts";
import type { ApiClient } from "./api-client.ts";
import { ApiFailure, type Failure } from "./api-failure.ts";
import type { ClusterConfig } from "./cluster-config.ts";
import { createApiClient } from "./http-client.ts";

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

interface TestServer {
  readonly url: string;
  readonly sockets: ReadonlySet<Socket>;
  connections: number;
}

async function serve(listener: RequestListener, tls?: { cert: string; key: string; ca?: string }): Promise<TestServer> {
  const server =
    tls === undefined
      ? createServer(listener)
      : createTlsServer({ ...tls, requestCert: true, rejectUnauthorized: false }, listener);
  const sockets = new Set<Socket>();
  const facts = { url: "", sockets, connections: 0 };
  server.on(tls === undefined ? "connection" : "secureConnection", (socket: Socket) => {
    facts.connections++;
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address() as AddressInfo;
  facts.url = `${tls === undefined ? "http" : "https"}://127.0.0.1:${address.port}`;
  return facts;
}

interface ClientExtras extends Partial<ClusterConfig> {
  readonly clock?: Clock;
  readonly onWarning?: (text: string) => void;
}

function clientOf(server: string, { clock = systemClock, onWarning, ...config }: ClientExtras = {}): ApiClient {
  const whole: ClusterConfig = {
    server,
    namespace: "default",
    source: "test",
    tls: { insecureSkipVerify: false, certificateAuthority: { text: fixture("ca.crt") } },
    login: { by: "nothing" },
    environment: { variables: {} },
    ...config,
  };
  const client = createApiClient(whole, { clock, userAgent: "faro/test", ...(onWarning === undefined ? {} : { onWarning }) });
  cleanups.push(() => client.close());
  return client;
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ApiFailure)) throw new Error("no ApiFailure", { cause: error });
  return error.failure;
}

async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/** A listener that hands its response to the test. */
function heldResponses(): { listener: RequestListener; next(): Promise<ServerResponse> } {
  const waiting: ((response: ServerResponse) => void)[] = [];
  const ready: ServerResponse[] = [];
  return {
    listener: (_request, response) => {
      const wake = waiting.shift();
      if (wake === undefined) ready.push(response);
      else wake(response);
    },
    next: () => {
      const response = ready.shift();
      return response === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(response);
    },
  };
}

describe("reading", () => {
  test("sends GET with the prefix, the query and the headers that were asked for, and nothing undefined", async () => {
    let seen: IncomingMessage | undefined;
    const server = await serve((request, response) => {
      seen = request;
      response.setHeader("x-two", ["a", "b"]).end("{}");
    });
    const client = clientOf(`${server.url}/k8s`, { impersonation: { user: "jane", groups: ["a", "b"], extra: {} } });
    const answer = await client.read({
      path: "/api/v1/pods",
      query: { limit: 500, labelSelector: "a=b,c", continue: undefined },
      ifNoneMatch: '"e"',
    });
    expect(seen?.method).toBe("GET");
    expect(seen?.url).toBe("/k8s/api/v1/pods?limit=500&labelSelector=a%3Db%2Cc");
    expect(seen?.headers).toMatchObject({
      accept: "application/json",
      "user-agent": "faro/test",
      "if-none-match": '"e"',
      "impersonate-user": "jane",
    });
    expect(seen?.headersDistinct["impersonate-group"]).toEqual(["a", "b"]);
    expect(answer).toMatchObject({ status: 200, headers: { "x-two": "a, b" }, body: Buffer.from("{}") });
  });

  test("puts a body of many chunks into the memory that is lent for it", async () => {
    const text = "0123456789".repeat(50_000);
    const server = await serve((_request, response) => {
      response.write(text);
      response.end("the end");
    });
    const lent: Buffer[] = [];
    const lend = (bytes: number): Buffer => {
      const room = Buffer.alloc(bytes);
      lent.push(room);
      return room;
    };
    const { body } = await clientOf(server.url).read({ path: "/x", lend });
    expect(lent.map((room) => room.equals(Buffer.from(`${text}the end`)))).toEqual([true]);
    expect(body === lent[0]).toBe(true);
  });

  test("decodes gzip", async () => {
    const server = await serve((_request, response) => response.setHeader("content-encoding", "gzip").end(gzipSync('{"a":1}')));
    expect((await clientOf(server.url).read({ path: "/x" })).body.toString()).toBe('{"a":1}');
  });

  test("gives 304 as an answer", async () => {
    const server = await serve((_request, response) => response.writeHead(304).end());
    expect((await clientOf(server.url).read({ path: "/api" })).status).toBe(304);
  });

  test("turns a Status into a failure with reason, causes and delay", async () => {
    const body = {
      kind: "Status",
      reason: "Timeout",
      message: "too new",
      details: { retryAfterSeconds: 3, causes: [{ reason: "ResourceVersionTooLarge" }, {}] },
    };
    const server = await serve((_request, response) => response.writeHead(504).end(JSON.stringify(body)));
    expect(await failureOf(clientOf(server.url).read({ path: "/x" }))).toEqual({
      kind: "http",
      status: 504,
      reason: "Timeout",
      message: "too new",
      retryAfterMs: 3_000,
      causes: ["ResourceVersionTooLarge"],
    });
  });

  test.each([
    ["seconds", "7", 7_000],
    ["a date", "Thu, 01 Jan 2026 00:01:00 GMT", 60_000],
    ["a date that has passed", "Wed, 31 Dec 2025 00:00:00 GMT", 0],
    ["nonsense", "soon", undefined],
  ])("reads Retry-After given as %s, and a text body", async (_name, header, expected) => {
    const server = await serve((_request, response) => response.writeHead(429, { "retry-after": header }).end("slow\n  down"));
    const failure = await failureOf(clientOf(server.url, { clock: new VirtualClock() }).read({ path: "/x" }));
    expect(failure).toMatchObject({ kind: "http", status: 429, reason: "", message: "slow down" });
    expect(failure.kind === "http" && failure.retryAfterMs).toBe(expected);
  });

  test.each([301, 302, 307])("refuses a redirect (%i) and does not tell its query", async (status) => {
    const server = await serve((_request, response) =>
      response.writeHead(status, { location: "https://login.example.com/auth?state=s3cret" }).end(),
    );
    expect(await failureOf(clientOf(server.url).read({ path: "/x" }))).toEqual({
      kind: "foreign",
      message: `a redirect (${status}) to https://login.example.com instead of an answer of a Kubernetes API`,
    });
  });

  test("refuses an HTML page, with 200 as with 403", async () => {
    let status = 200;
    const server = await serve((_request, response) =>
      response.writeHead(status, { "content-type": "text/html; charset=utf-8" }).end("<h1>log in</h1>"),
    );
    const client = clientOf(server.url);
    expect(await failureOf(client.read({ path: "/x" }))).toMatchObject({ kind: "foreign" });
    expect(await failureOf(client.stream({ path: "/x", idleTimeoutMs: 1_000 }))).toMatchObject({ kind: "foreign" });
    status = 403;
    expect(await failureOf(client.read({ path: "/x" }))).toMatchObject({
      kind: "http",
      status: 403,
      message: expect.stringContaining("HTML page"),
    });
  });

  test("gives up when the whole answer is not there in time, on the clock that it was given", async () => {
    const held = heldResponses();
    const server = await serve(held.listener);
    const clock = new VirtualClock();
    const reading = failureOf(clientOf(server.url, { clock }).read({ path: "/slow", timeoutMs: 5_000 }));
    (await held.next()).write("{");
    await clock.advance(4_999);
    await clock.advance(1);
    expect(await reading).toEqual({ kind: "network", code: "TIMEOUT", message: "no complete answer within 5s" });
  });

  test("throws the signal's own reason when it aborts, before and during a request", async () => {
    const held = heldResponses();
    const server = await serve(held.listener);
    const client = clientOf(server.url);
    const reason = new Error("enough");
    await expect(client.read({ path: "/x", signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const abort = new AbortController();
    const reading = client.read({ path: "/x", signal: abort.signal });
    await held.next();
    abort.abort(reason);
    await expect(reading).rejects.toBe(reason);
  });

  test.each([
    ["a body shorter than its content-length", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc"],
    ["a chunked body without its end", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n"],
  ])("fails on %s", async (_name, bytes) => {
    const server = await serve((request) => request.socket.end(bytes));
    expect(await failureOf(clientOf(server.url).read({ path: "/x" }))).toMatchObject({ kind: "network", code: "UND_ERR_SOCKET" });
  });

  test("names neither token nor query in any error", async () => {
    const server = await serve((_request, response) => response.writeHead(401).end("bad token: s3cret-token-s3cret"));
    const client = clientOf(server.url, { login: { by: "token", token: "s3cret-token-s3cret" } });
    const error: unknown = await client.read({ path: "/x", query: { q: "s3cret" } }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ApiFailure);
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain("s3cret");
    expect(error instanceof ApiFailure && error.request).toBe(`GET ${server.url}/x`);
  });

  test("keeps connections: 200 reads need no more than four handshakes, and no connection is left after closing", async () => {
    const server = await serve((_request, response) => response.end("{}"), {
      cert: fixture("server.crt"),
      key: fixture("server.key"),
    });
    const client = clientOf(server.url);
    for (let round = 0; round < 100; round++) await Promise.all([1, 2].map(() => client.read({ path: "/x" })));
    expect(server.connections).toBeLessThanOrEqual(4);
    const gone = [...server.sockets].map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    await client.close();
    await Promise.all(gone);
    expect(server.sockets.size).toBe(0);
    expect(await failureOf(client.read({ path: "/x" }))).toMatchObject({ kind: "network", message: "the client is closed" });
  });

  test("passes every warning text on once", async () => {
    const server = await serve((_request, response) =>
      response
        .setHeader("warning", ['299 - "v1beta1 is \\"old\\", use v1"', '199 - "not ours"', '299 - "second", 299 - "third"'])
        .end("{}"),
    );
    const heard: string[] = [];
    const client = clientOf(server.url, { onWarning: (text) => heard.push(text) });
    await client.read({ path: "/x" });
    await client.read({ path: "/x" });
    expect(heard).toEqual(['v1beta1 is "old", use v1', "second", "third"]);
  });
});

describe("streaming", () => {
  test("asks for identity encoding and yields what comes as it comes", async () => {
    const held = heldResponses();
    let encoding: string | undefined;
    const server = await serve((request, response) => {
      encoding = request.headers["accept-encoding"]?.toString();
      held.listener(request, response);
    });
    const opening = clientOf(server.url).stream({ path: "/watch", query: { watch: true }, idleTimeoutMs: 5_000 });
    const response = await held.next();
    response.write("one\n");
    const body = (await opening).body[Symbol.asyncIterator]();
    expect((await body.next()).value?.toString()).toBe("one\n");
    response.end("two\n");
    expect((await body.next()).value?.toString()).toBe("two\n");
    expect((await body.next()).done).toBe(true);
    expect(encoding).toBe("identity");
  });

  test("decodes gzip member by member, each as soon as it is there", async () => {
    const held = heldResponses();
    const server = await serve(held.listener);
    const opening = clientOf(server.url).stream({ path: "/watch", idleTimeoutMs: 5_000 });
    const response = await held.next();
    response.writeHead(200, { "content-encoding": "gzip" });
    response.write(gzipSync("one\n"));
    const body = (await opening).body[Symbol.asyncIterator]();
    expect((await body.next()).value?.toString()).toBe("one\n");
    response.write(gzipSync("two\n"));
    expect((await body.next()).value?.toString()).toBe("two\n");
    const last = gzipSync("three\n");
    response.write(last.subarray(0, 7));
    response.end(last.subarray(7));
    expect((await body.next()).value?.toString()).toBe("three\n");
    expect((await body.next()).done).toBe(true);
  });

  test.each([
    [
      "with a wrong checksum",
      Buffer.from(gzipSync("two\n").map((byte, index, all) => (index === all.length - 6 ? byte ^ 0xff : byte))),
    ],
    ["that is no gzip at all", Buffer.from("plain text\n")],
  ])("fails on a second gzip member %s, after giving the first", async (_name, second) => {
    const held = heldResponses();
    const server = await serve(held.listener);
    const opening = clientOf(server.url).stream({ path: "/watch", idleTimeoutMs: 5_000 });
    const response = await held.next();
    response.writeHead(200, { "content-encoding": "gzip" }).write(gzipSync("one\n"));
    const body = (await opening).body[Symbol.asyncIterator]();
    expect((await body.next()).value?.toString()).toBe("one\n");
    response.end(second);
    const rest = async (): Promise<void> => {
      while ((await body.next()).done !== true);
    };
    expect(await failureOf(rest())).toEqual({ kind: "foreign", message: "an answer with damaged compression" });
  });

  test("fails on a zero and what follows it behind a gzip member, which zlib alone would pass over", async () => {
    const server = await serve((_request, response) =>
      response.setHeader("content-encoding", "gzip").end(Buffer.concat([gzipSync("one\n"), Buffer.from("\0plain text\n")])),
    );
    const stream = await clientOf(server.url).stream({ path: "/watch", idleTimeoutMs: 5_000 });
    expect(await failureOf(textOf(stream.body))).toEqual({ kind: "foreign", message: "an answer with damaged compression" });
  });

  test("fails on a gzip member cut short", async () => {
    const server = await serve((_request, response) =>
      response.setHeader("content-encoding", "gzip").end(gzipSync("some words").subarray(0, 20)),
    );
    const stream = await clientOf(server.url).stream({ path: "/watch", idleTimeoutMs: 5_000 });
    expect(await failureOf(textOf(stream.body))).toMatchObject({ kind: "network", code: "Z_BUF_ERROR" });
  });

  test("fails when the connection breaks, after giving all that came", async () => {
    const held = heldResponses();
    const server = await serve(held.listener);
    const opening = clientOf(server.url).stream({ path: "/watch", idleTimeoutMs: 5_000 });
    const response = await held.next();
    response.write("one\n");
    const body = (await opening).body[Symbol.asyncIterator]();
    expect((await body.next()).value?.toString()).toBe("one\n");
    response.socket?.destroy();
    expect(await failureOf(body.next())).toMatchObject({ kind: "network", code: "UND_ERR_SOCKET" });
  });

  test.each([
    ["TCP", undefined],
    ["TLS", { cert: fixture("server.crt"), key: fixture("server.key") }],
  ])("loses nothing of a gathered stream that breaks while it rests, over %s", async (_name, tls) => {
    const held = heldResponses();
    const server = await serve(held.listener, tls);
    const clock = new VirtualClock();
    const opening = clientOf(server.url, { clock }).stream({
      path: "/log",
      idleTimeoutMs: 600_000,
      gather: { ms: 100, bytes: 65_536 },
    });
    const response = await held.next();
    response.write("0\n");
    const body = (await opening).body[Symbol.asyncIterator]();
    expect((await body.next()).value?.toString()).toBe("0\n");

    const chunks: string[] = [];
    const failures: Failure[] = [];
    const reading = failureOf(
      (async () => {
        for (let next = await body.next(); next.done !== true; next = await body.next()) chunks.push(next.value.toString());
      })(),
    ).then((failure) => failures.push(failure));
    const lines = Array.from({ length: 200 }, (_, at) => `${at + 1}\n`);
    for (const line of lines) await new Promise((resolve) => void response.write(line, resolve));
    for (const socket of server.sockets) socket.destroy();
    expect(chunks).toEqual([]);
    while (failures.length === 0) {
      await clock.advance(1);
      await turn();
    }
    await reading;
    expect(chunks.join("")).toBe(lines.join(""));
    // What waited in the socket came together.
    expect(chunks.length).toBeLessThan(5);
    expect(failures).toMatchObject([{ kind: "network" }]);
  });

  test("waits for headers as long as for data", async () => {
    const held = heldResponses();
    const server = await serve(held.listener);
    const clock = new VirtualClock();
    const opening = clientOf(server.url, { clock }).stream({ path: "/watch", idleTimeoutMs: 60_000 });
    const response = await held.next();
    await clock.advance(40_000);
    response.write("first event\n");
    const body = (await opening).body[Symbol.asyncIterator]();
    expect((await body.next()).value?.toString()).toBe("first event\n");
    const silent = failureOf(clientOf(server.url, { clock }).stream({ path: "/watch", idleTimeoutMs: 60_000 }));
    await held.next();
    await clock.advance(60_000);
    expect(await silent).toMatchObject({ kind: "network", code: "IDLE_TIMEOUT" });
  });

  test("ends a stream that brings no byte for the idle time-out, and not one that brings some now and then", async () => {
    const held = heldResponses();
    const server = await serve(held.listener);
    const clock = new VirtualClock();
    const opening = clientOf(server.url, { clock }).stream({ path: "/watch", idleTimeoutMs: 70_000 });
    const response = await held.next();
    response.write("0\n");
    const body = (await opening).body[Symbol.asyncIterator]();
    await body.next();
    for (let minute = 1; minute <= 10; minute++) {
      const next = body.next();
      await clock.advance(60_000);
      response.write(`${minute}\n`);
      expect((await next).value?.toString()).toBe(`${minute}\n`);
    }
    const dead = failureOf(body.next());
    await clock.advance(70_000);
    expect(await dead).toEqual({ kind: "network", code: "IDLE_TIMEOUT", message: "nothing received for 1m10s" });
  });

  test("does not blame the server while the consumer is slow", async () => {
    const held = heldResponses();
    const server = await serve(held.listener);
    const clock = new VirtualClock();
    const opening = clientOf(server.url, { clock }).stream({ path: "/watch", idleTimeoutMs: 1_000 });
    const response = await held.next();
    response.write("one\n");
    const body = (await opening).body[Symbol.asyncIterator]();
    await body.next();
    response.write("two\n");
    await clock.advance(3_600_000);
    response.end("three\n");
    expect(await textOf({ [Symbol.asyncIterator]: () => body })).toBe("two\nthree\n");
  });

  test("reads no more than the consumer takes", async () => {
    const chunk = Buffer.alloc(64 * 1024, "x");
    let written = 0;
    const server = await serve((_request, response) => {
      const write = (): void => {
        while (written < 4_000 && response.write(chunk)) written++;
        if (written < 4_000) response.once("drain", write);
        written++;
      };
      write();
    });
    const stream = await clientOf(server.url).stream({ path: "/watch", idleTimeoutMs: 10_000 });
    const body = stream.body[Symbol.asyncIterator]();
    await body.next();
    const before = await steady(() => written);
    expect(before * chunk.length).toBeLessThan(32 * 1024 * 1024);
  });

  test("closes the connection when the consumer leaves the loop", async () => {
    const held = heldResponses();
    const server = await serve(held.listener);
    const opening = clientOf(server.url).stream({ path: "/watch", idleTimeoutMs: 5_000 });
    const response = await held.next();
    const closed = new Promise((resolve) => response.once("close", resolve));
    response.write("one\n");
    for await (const chunk of (await opening).body) {
      expect(chunk.toString()).toBe("one\n");
      break;
    }
    await closed;
    expect(response.writableFinished).toBe(false);
  });

  test("throws the signal's reason in mid-stream, also when nobody reads at that moment", async () => {
    const held = heldResponses();
    const server = await serve(held.listener);
    const abort = new AbortController();
    const opening = clientOf(server.url).stream({ path: "/watch", idleTimeoutMs: 5_000, signal: abort.signal });
    const response = await held.next();
    const closed = new Promise((resolve) => response.once("close", resolve));
    response.write("one\n");
    const { body } = await opening;
    const reason = new Error("stopping");
    abort.abort(reason);
    await closed;
    await expect(textOf(body)).rejects.toBe(reason);
  });

  test("fails with the Status of the answer when it cannot be opened", async () => {
    const server = await serve((_request, response) =>
      response.writeHead(410).end(JSON.stringify({ kind: "Status", reason: "Expired", message: "too old" })),
    );
    expect(await failureOf(clientOf(server.url).stream({ path: "/watch", idleTimeoutMs: 1_000 }))).toMatchObject({
      status: 410,
      reason: "Expired",
    });
  });
});

describe("logging in", () => {
  test("reads the token file again after a 401 and repeats the request once", async () => {
    const directory = mkdtempSync(join(tmpdir(), "faro-token-"));
    cleanups.push(() => rmSync(directory, { recursive: true }));
    const file = join(directory, "token");
    writeFileSync(file, "old\n");
    const seen: (string | undefined)[] = [];
    let valid = "Bearer old";
    const server = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(request.headers.authorization === valid ? 200 : 401).end("{}");
    });
    const client = clientOf(server.url, { login: { by: "token-file", file } });
    await client.read({ path: "/x" });
    writeFileSync(file, "new");
    valid = "Bearer new";
    await client.read({ path: "/x" });
    await client.read({ path: "/x" });
    expect(seen).toEqual(["Bearer old", "Bearer old", "Bearer new", "Bearer new"]);
    valid = "Bearer none";
    expect(await failureOf(client.read({ path: "/x" }))).toMatchObject({ status: 401 });
    expect(seen).toHaveLength(5);
  });

  test("fails as a credential failure when there is no token", async () => {
    const client = clientOf("http://127.0.0.1:1", { login: { by: "token-file", file: "/nowhere/token" } });
    expect(await failureOf(client.read({ path: "/x" }))).toEqual({
      kind: "credential",
      message: "token file /nowhere/token cannot be read or is empty",
    });
  });

  test("uses new certificates and a new authority from disk without a restart", async () => {
    const directory = mkdtempSync(join(tmpdir(), "faro-rotation-"));
    cleanups.push(() => rmSync(directory, { recursive: true }));
    const file = (name: string, from: string): string => {
      writeFileSync(join(directory, name), fixture(from));
      return join(directory, name);
    };
    const seen: string[] = [];
    const server = await serve(
      (request, response) => {
        seen.push(String((request.socket as TLSSocket).getPeerCertificate().subject?.CN));
        response.end("{}");
      },
      { cert: fixture("server.crt"), key: fixture("server.key"), ca: fixture("ca.crt") },
    );
    const clock = new VirtualClock();
    const client = clientOf(server.url, {
      clock,
      tls: { insecureSkipVerify: false, certificateAuthority: { file: file("ca", "other-ca.crt") } },
      clientCertificate: { certificate: { file: file("cert", "client.crt") }, key: { file: file("key", "client.key") } },
    });
    expect(await failureOf(client.read({ path: "/x" }))).toMatchObject({ kind: "network", code: "SELF_SIGNED_CERT_IN_CHAIN" });
    file("ca", "ca.crt");
    await client.read({ path: "/x" });
    file("cert", "client2.crt");
    file("key", "client2.key");
    await client.read({ path: "/x" });
    await clock.advance(10_000);
    await client.read({ path: "/x" });
    expect(seen).toEqual(["test-client", "test-client", "test-client-2"]);
  });

  test.each([
    ["a key that does not fit", { certificate: { text: fixture("client.crt") }, key: { text: fixture("client2.key") } }],
    ["a certificate that is none", { certificate: { text: "nonsense" }, key: { text: "nonsense" } }],
    ["a file that is gone", { certificate: { file: "/nowhere/a" }, key: { file: "/nowhere/b" } }],
  ])("fails as a credential failure with %s", async (_name, clientCertificate) => {
    const failure = await failureOf(clientOf("https://127.0.0.1:1", { clientCertificate }).read({ path: "/x" }));
    expect(failure.kind).toBe("credential");
  });

  test("fails as a credential failure with an authority that is no PEM", async () => {
    const client = clientOf("https://127.0.0.1:1", { tls: { insecureSkipVerify: false, certificateAuthority: { text: "" } } });
    expect(await failureOf(client.read({ path: "/x" }))).toMatchObject({
      kind: "credential",
      message: expect.stringContaining("no PEM"),
    });
  });
});

describe("networks", () => {
  test("says that nothing listens", async () => {
    expect(await failureOf(clientOf("http://127.0.0.1:1").read({ path: "/x" }))).toEqual({
      kind: "network",
      code: "ECONNREFUSED",
      message: "connection refused",
    });
  });

  test("says that a certificate has expired, is for another name, or is no TLS at all", async () => {
    const key = fixture("server.key");
    const expired = await serve((_request, response) => response.end(), { cert: fixture("expired.crt"), key });
    expect(await failureOf(clientOf(expired.url).read({ path: "/x" }))).toMatchObject({ code: "CERT_HAS_EXPIRED" });
    const renamed = await serve((_request, response) => response.end(), { cert: fixture("renamed.crt"), key });
    expect(await failureOf(clientOf(renamed.url).read({ path: "/x" }))).toMatchObject({ code: "ERR_TLS_CERT_ALTNAME_INVALID" });
    const plain = await serve((_request, response) => response.end());
    const failure = await failureOf(clientOf(plain.url.replace("http:", "https:")).read({ path: "/x" }));
    expect(failure).toMatchObject({ kind: "network", message: "the server does not speak TLS" });
  });
});

/** The value once it no longer changes between two turns of the event loop, twenty times in a row. */
async function steady(read: () => number): Promise<number> {
  let last = read();
  for (let calm = 0; calm < 20; calm = read() === last ? calm + 1 : 0) {
    last = read();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return last;
}
