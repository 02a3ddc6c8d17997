/** Faults on the way (F1 to F20), as rules of the network. */
import type { Chance } from "../chance.ts";
import type { ChunkFate, Connection, NetworkRule } from "../network.ts";
import type { World } from "../world.ts";
import { elsewhere, type Fault, here, type PlayedFault } from "./fault.ts";

/** What lies below the seam at which schedules break things. */
const HTTP_CLIENT_TEST = "src/cluster/http-client.test.ts";

const MINUTE = 60_000;

/** In force while the fault lasts. */
function rule(world: World, made: NetworkRule): () => void {
  world.network.rules.add(made);
  return () => world.network.rules.delete(made);
}

/** A cut of some chunks of streams, anywhere in them. */
function cutting(how: "end" | "close" | "reset", where: "inside" | "boundary"): PlayedFault["begin"] {
  return (world, { chance }) =>
    rule(world, {
      onChunk: (connection, chunk): ChunkFate | undefined => {
        if (!connection.isStream || !chance.happens(0.3)) return undefined;
        return { fate: "cut", bytes: where === "boundary" ? 0 : chance.below(chunk.length), how };
      },
    });
}

/** Connections that are open now, and new ones while it lasts, hear nothing any more. */
function silence(world: World, affects: (connection: Connection) => boolean): void {
  for (const connection of world.network.connections) if (affects(connection)) connection.finish("dead");
}

/** What arrives waits until the fault ends. */
function holding(world: World): () => void {
  let release = (): void => undefined;
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  const end = rule(world, { onChunk: () => ({ fate: "held", until }) });
  return () => {
    end();
    release();
  };
}

function refusing(code: string): PlayedFault["begin"] {
  return (world) => rule(world, { onRequest: () => ({ fate: "refused", code }) });
}

const isListBody = (path: string): boolean => !path.startsWith("/apis/apiextensions") && !path.endsWith("/version");

/** Proxies: 4 KiB are collected before any of it goes on. */
function buffering(world: World): () => void {
  const end = rule(world, { onChunk: (connection) => (connection.isStream ? { fate: "collected", least: 4_096 } : undefined) });
  return () => {
    end();
    for (const connection of world.network.connections) connection.passCollected();
  };
}

/** A balancer forgets connections on which nothing came for a minute. */
function idleCut(world: World, ms: number): () => void {
  const heard = new Map<Connection, number>();
  const end = rule(world, {
    onChunk: (connection) => {
      heard.set(connection, world.clock.monotonic());
      return undefined;
    },
  });
  let isOver = false;
  const look = (): void => {
    if (isOver) return;
    const now = world.clock.monotonic();
    silence(world, (connection) => connection.isStream && now - (heard.get(connection) ?? connection.asked.at) >= MINUTE);
    world.clock.after(5_000, look);
  };
  look();
  world.clock.after(ms, () => {
    isOver = true;
  });
  return end;
}

const HTML = "<html><body><h1>504 Gateway Time-out</h1></body></html>";

export const NETWORK_FAULTS: readonly Fault[] = [
  here("F1", "connection reset in the middle of an event", { begin: cutting("reset", "inside"), share: 2 }),
  here("F2", "connection closed in the middle of an event", { begin: cutting("close", "inside"), share: 2 }),
  here("F3", "connection closed between two events", { begin: cutting("close", "boundary"), share: 2 }),
  here("F4", "clean end of the body at any byte", { begin: cutting("end", "inside"), share: 2 }),
  here("F5", "half-open connections: the link is down", {
    lasts: [1_000, 100_000],
    begin: (world) => {
      silence(world, () => true);
      return rule(world, { onRequest: () => ({ fate: "lost" }) });
    },
  }),
  here("F6", "server frozen, then it goes on", { lasts: [1_000, 120_000], begin: (world) => holding(world) }),
  here("F7", "one way is lost: requests arrive, answers do not", {
    lasts: [1_000, 60_000],
    begin: (world) => {
      silence(world, () => true);
      return rule(world, { onChunk: () => ({ fate: "swallowed" }) });
    },
  }),
  here("F8", "a byte now and then", {
    lasts: [5_000, 60_000],
    begin: (world, { chance }) => {
      let isOver = false;
      const bytes = chance.between(1, 40);
      const end = rule(world, { onChunk: () => ({ fate: "dripped", bytes, everyMs: 1_000, isOver: () => isOver }) });
      return () => {
        isOver = true;
        end();
      };
    },
  }),
  here("F9", "seconds of latency", {
    lasts: [5_000, MINUTE],
    begin: (world, { chance }) => {
      const ms = chance.between(500, 5_000);
      return rule(world, {
        onRequest: () => ({ fate: "delayed", ms }),
        onChunk: () => ({ fate: "delayed", ms: ms / 2 }),
      });
    },
  }),
  here("F10", "pieces of any size", {
    lasts: [10_000, 200_000],
    begin: (world, { chance }) => rule(world, { onChunk: () => ({ fate: "split", bytes: chance.between(1, 300) }) }),
  }),
  here("F11", "a proxy that collects before it sends", { lasts: [5_000, 90_000], begin: (world) => buffering(world) }),
  here("F12", "a proxy's own page instead of an answer", {
    begin: (world, { chance }) =>
      rule(world, {
        onRequest: () =>
          chance.happens(0.6)
            ? { fate: "answered", status: chance.pick([504, 502, 200]), headers: { "content-type": "text/html" }, body: HTML }
            : undefined,
      }),
  }),
  here("F13", "a load balancer drops idle connections without a word", {
    lasts: [90_000, 200_000],
    share: 0.5,
    begin: (world, { ms }) => idleCut(world, ms),
  }),
  elsewhere(
    "F14",
    "TLS: expired, wrong name, other authority, hanging handshake",
    "there is no TLS between two functions",
    HTTP_CLIENT_TEST,
  ),
  here("F15", "the host's name is not found", { begin: refusing("ENOTFOUND") }),
  here("F16", "connection refused for minutes", { lasts: [10_000, 600_000], begin: refusing("ECONNREFUSED") }),
  here("F17", "no file descriptors left on our side", { begin: refusing("EMFILE") }),
  elsewhere(
    "F18",
    "gzip that nobody asked for, in several members, corrupt",
    "the client's decoder is below this seam",
    HTTP_CLIENT_TEST,
  ),
  elsewhere("F19", "HTTP/2 GOAWAY, RST_STREAM, few streams", "the client speaks HTTP/1.1 only", "src/cluster/http-client.ts"),
  elsewhere("F20", "duplicated and huge headers", "headers are parsed below this seam", HTTP_CLIENT_TEST),
];

/** For faults that change lists. */
export function onLists(world: World, chance: Chance, change: (body: Buffer) => Buffer | undefined): () => void {
  return rule(world, {
    onBody: (asked, body) =>
      asked.kind === "list" && asked.outcome === 200 && isListBody(asked.path) && chance.happens(0.5) ? change(body) : undefined,
  });
}
