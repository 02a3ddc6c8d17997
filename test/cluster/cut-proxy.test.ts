/** The relay must cut as a network does: silence, not an end. */
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, it } from "vitest";
import { CutProxy } from "./cut-proxy.ts";
import { until } from "./waiting.ts";

let server: Server | undefined;
let proxy: CutProxy | undefined;
const clients: Socket[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await proxy?.close();
  server?.close();
});

it("holds what is sent during a cut, and sends it on when the network resumes", async () => {
  const client = await start();
  const heard = listen(client.socket);
  client.socket.write("a");
  await until("an echo", 5_000, () => heard.text === "a");
  client.relay.cut();
  client.socket.write("b");
  const late = listen(dial(client.relay));
  expect(heard).toMatchObject({ text: "a", hasEnded: false });
  client.relay.heal("resumes");
  await until("the echo of what waited", 5_000, () => heard.text === "ab");
  late.socket.write("c");
  await until("an echo over a connection made during the cut", 5_000, () => late.text === "c");
});

it("leaves connections open that carry nothing any more when the network forgets them", async () => {
  const client = await start();
  const heard = listen(client.socket);
  client.socket.write("a");
  await until("an echo", 5_000, () => heard.text === "a");
  client.relay.cut();
  client.relay.heal("forgets");
  client.socket.write("b");
  const fresh = listen(dial(client.relay));
  fresh.socket.write("c");
  await until("an echo over a new connection", 5_000, () => fresh.text === "c");
  expect(heard).toMatchObject({ text: "a", hasEnded: false });
});

async function start(): Promise<{ readonly relay: CutProxy; readonly socket: Socket }> {
  const echo = createServer((socket) => socket.on("error", () => socket.destroy()).pipe(socket));
  await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
  server = echo;
  const address = echo.address();
  const relay = await CutProxy.start(typeof address === "object" && address !== null ? address.port : 0);
  proxy = relay;
  return { relay, socket: dial(relay) };
}

function dial(relay: CutProxy): Socket {
  const socket = connect({ host: "127.0.0.1", port: relay.port });
  clients.push(socket);
  return socket;
}

function listen(socket: Socket): { readonly socket: Socket; readonly text: string; readonly hasEnded: boolean } {
  const heard = { socket, text: "", hasEnded: false };
  socket.on("data", (bytes) => (heard.text += bytes.toString("utf8")));
  socket.on("end", () => (heard.hasEnded = true));
  socket.on("error", () => (heard.hasEnded = true));
  return heard;
}
