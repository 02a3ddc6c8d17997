/**
 * A network between Faro and the API server that can be cut: a TCP relay on 127.0.0.1. During a cut it takes connections and bytes
 * and forwards neither, so nothing is refused and nothing is reset; that is how a lost route or a dropping firewall looks.
 */
import { connect, createServer, type Server, type Socket } from "node:net";

/** What a cut leaves behind. */
export type Healing =
  /** What waited goes on its way: TCP sends again what got lost. */
  | "resumes"
  /** Connections from before stay open and carry nothing any more, as behind a NAT that forgot them. New ones work. */
  | "forgets";

interface Relay {
  readonly near: Socket;
  readonly far: Socket;
}

export class CutProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #relays = new Set<Relay>();
  #isCut = false;

  private constructor(server: Server, targetPort: number) {
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
    this.port = address.port;
    this.#server = server;
    server.on("connection", (near) => this.#relay(near, targetPort));
  }

  /** Listens on a free port and forwards to `targetPort` of 127.0.0.1. */
  static async start(targetPort: number): Promise<CutProxy> {
    const server = createServer({ pauseOnConnect: true });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new CutProxy(server, targetPort);
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#relays.size;
  }

  cut(): void {
    this.#isCut = true;
    for (const relay of this.#relays) hold(relay);
  }

  heal(how: Healing): void {
    this.#isCut = false;
    for (const relay of this.#relays) {
      if (how === "resumes") release(relay);
      else forget(relay);
    }
    if (how === "forgets") this.#relays.clear();
  }

  /** Resets every connection: both ends notice at once. */
  reset(): void {
    for (const { near, far } of this.#relays) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }

  async close(): Promise<void> {
    this.reset();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await closed;
  }

  #relay(near: Socket, targetPort: number): void {
    const relay = { near, far: connect({ host: "127.0.0.1", port: targetPort, allowHalfOpen: true }) };
    this.#relays.add(relay);
    const end = (): void => {
      near.destroy();
      relay.far.destroy();
      this.#relays.delete(relay);
    };
    for (const [from, to] of [
      [near, relay.far],
      [relay.far, near],
    ] as const) {
      from.setNoDelay(true);
      from.on("data", (bytes) => {
        // A slow reader slows its sender, as without a relay.
        if (!to.write(bytes)) from.pause();
      });
      to.on("drain", () => this.#isCut || from.resume());
      from.on("end", () => to.end());
      from.on("error", end);
      from.on("close", end);
    }
    if (this.#isCut) hold(relay);
    else release(relay);
  }
}

function hold({ near, far }: Relay): void {
  near.pause();
  far.pause();
}

function release({ near, far }: Relay): void {
  near.resume();
  far.resume();
}

/** The server's end goes, as it will by its own keep-alive. The client's end stays, is read, and gets no answer. */
function forget({ near, far }: Relay): void {
  near.removeAllListeners();
  near.on("error", () => near.destroy());
  far.removeAllListeners();
  far.on("error", () => far.destroy());
  far.destroy();
  near.resume();
}
