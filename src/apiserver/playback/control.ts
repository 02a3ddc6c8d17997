/**
 * The controls of a playback over HTTP, for tools: `GET /` tells where it stands, `POST /?at=…&speed=…` changes that. On a port
 * of its own, since the served API is read only.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { isoTime, parseDuration } from "../../base/index.ts";
import type { Playback } from "./playback.ts";

export interface ControlServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Listens on a free port of this machine. */
export async function startControlServer(playback: Playback): Promise<ControlServer> {
  const server = createServer((request, response) => answer(playback, request, response));
  const port = await new Promise<number>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(playback: Playback, request: IncomingMessage, response: ServerResponse): void {
  const { searchParams } = new URL(request.url ?? "/", "http://127.0.0.1");
  if (request.method === "POST") {
    const refused = change(playback, searchParams);
    if (refused !== undefined) return send(response, 400, { error: refused });
  } else if (request.method !== "GET") return send(response, 405, { error: "GET tells where it stands, POST changes it" });
  const { at, speed, start, end, revision } = playback.state();
  send(response, 200, { at: isoTime(at), speed, start: isoTime(start), end: isoTime(end), revision });
}

/** What is wrong with the request, if anything. */
function change(playback: Playback, query: URLSearchParams): string | undefined {
  const [at, speed] = [query.get("at"), query.get("speed")];
  if (at === null && speed === null) return "nothing to do: say ?at=TIME or ?speed=N";
  if (speed !== null) {
    if (!/^\d+(\.\d+)?$/.test(speed)) return `speed ${speed}: not a number of 0 or more`;
    playback.setSpeed(Number(speed));
  }
  if (at === null) return undefined;
  const moment = momentOf(at, playback);
  if (moment === undefined)
    return `at ${at}: neither a time (2026-03-01T10:00:00Z) nor +90s after the start nor 5m before the end`;
  playback.seek(moment);
  return undefined;
}

/** A `+` in a query may have become a space on its way. */
function momentOf(text: string, playback: Playback): number | undefined {
  const { start, end } = playback.state();
  if (/^\d{4}-/.test(text)) return Number.isNaN(Date.parse(text)) ? undefined : Date.parse(text);
  const ms = parseDuration(text.trim().replace(/^\+/, ""));
  if (ms === undefined) return undefined;
  return /^[+ ]/.test(text) ? start + ms : end - ms;
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(`${JSON.stringify(body)}\n`);
}
