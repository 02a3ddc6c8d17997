/** Faults of the API server, of etcd behind it and of what is installed in the cluster (F21 to F53). */
import { type FaultHooks, status } from "../../apiserver/index.ts";
import type { Chance } from "../chance.ts";
import type { World } from "../world.ts";
import { elsewhere, type Fault, here } from "./fault.ts";
import { onLists } from "./network-faults.ts";

const MOMENT: readonly [number, number] = [0, 0];

/** Hooks of the server, in force while the fault lasts. */
function hooks(world: World, made: FaultHooks): () => void {
  world.hooks.add(made);
  return () => world.hooks.delete(made);
}

function refuse(world: World): () => void {
  const refusal = { onRequest: () => ({ fate: "refused", code: "ECONNREFUSED" }) as const };
  world.network.rules.add(refusal);
  return () => world.network.rules.delete(refusal);
}

const BUSY = { "retry-after": "5", connection: "close" };

/** Watches end cleanly, then 429 as text, then nothing listens, then a server whose caches begin anew. */
function shutDown(world: World, ms: number): () => void {
  const busy = {
    onRequest: () =>
      ({
        fate: "answered",
        status: 429,
        headers: { ...BUSY, "content-type": "text/plain" },
        body: "The apiserver is shutting down",
      }) as const,
  };
  for (const connection of world.network.connections) if (connection.isStream) connection.finish("end");
  world.network.rules.add(busy);
  let open = (): void => undefined;
  const cancel = world.clock.after(ms / 3, () => {
    world.network.rules.delete(busy);
    open = refuse(world);
  });
  return () => {
    cancel();
    world.network.rules.delete(busy);
    open();
    world.replaceServer("clean");
  };
}

/** Again and again until the fault ends. */
function repeatedly(world: World, everyMs: () => number, call: () => void): () => void {
  let isOver = false;
  const again = (): void => {
    if (isOver) return;
    call();
    world.clock.after(everyMs(), again);
  };
  again();
  return () => {
    isOver = true;
  };
}

const isWatch = (request: { readonly verb: string }): boolean => request.verb === "watch";

/** An `ERROR` line instead of some events. */
function errorLine(world: World, chance: Chance, object: () => object): () => void {
  return hooks(world, {
    onWatchEvent: () =>
      chance.happens(0.3) ? { fault: "insert", data: `${JSON.stringify({ type: "ERROR", object: object() })}\n` } : undefined,
  });
}

const EXPIRED = "The resourceVersion for the provided watch is too old.";

const ERRORS: readonly (readonly [number, string])[] = [
  [500, "InternalError"],
  [504, "Timeout"],
  [500, "StoreReadError"],
  [409, "SomethingNew"],
];

export const SERVER_FAULTS: readonly Fault[] = [
  here("F21", "graceful shutdown and start of the server", {
    lasts: [3_000, 40_000],
    begin: (world, { ms }) => shutDown(world, ms),
  }),
  here("F22", "server killed and started", {
    lasts: [1_000, 40_000],
    begin: (world) => {
      for (const connection of world.network.connections) connection.finish("reset");
      const open = refuse(world);
      return () => {
        open();
        world.replaceServer("abrupt");
      };
    },
  }),
  here("F23", "rolling restart: other servers with other caches, one after the other", {
    lasts: [5_000, 60_000],
    begin: (world, { chance }) =>
      repeatedly(
        world,
        () => chance.between(2_000, 15_000),
        () => world.replaceServer(chance.pick(["clean", "abrupt"])),
      ),
  }),
  elsewhere(
    "F24",
    "a server of several lags behind",
    "the two servers of one etcd are modelled in the room apiserver",
    "src/apiserver/server.test.ts",
  ),
  here("F25", "watch cache not ready: 429 with a growing Retry-After", {
    begin: (world) => {
      let seconds = 1;
      return hooks(world, {
        onRequest: () => ({
          fault: "respond",
          status: 429,
          headers: { "retry-after": String(Math.min(30, seconds++)) },
          body: status(429, "TooManyRequests", "storage is (re)initializing"),
        }),
      });
    },
  }),
  here("F26", "watches closed because their reader is slow", {
    begin: (world, { chance }) =>
      repeatedly(
        world,
        () => chance.between(500, 5_000),
        () => {
          for (const connection of world.network.connections)
            if (connection.asked.kind === "watch" && chance.happens(0.5)) connection.finish("end");
        },
      ),
  }),
  here("F27", "etcd compacted under us", {
    lasts: [10_000, 200_000],
    share: 3,
    begin: (world, { chance }) => {
      const behind = chance.pick([0, 0, 3, 10]);
      return repeatedly(
        world,
        () => chance.between(1_000, 20_000),
        () => world.work.compact(behind),
      );
    },
  }),
  here("F28", "more changes than the watch cache keeps", {
    lasts: [1_000, 5_000],
    begin: (world, { chance }) =>
      repeatedly(
        world,
        () => chance.between(200, 1_000),
        () => world.work.play({ work: "storm", at: 0, slot: chance.below(100), dice: chance.below(1e9) }),
      ),
  }),
  here("F29", "410 inside the stream, at once", {
    begin: (world, { chance }) =>
      hooks(world, {
        onWatchEvent: ({ index }) =>
          index === 0 && chance.happens(0.5) ? { fault: "error", code: 410, reason: "Expired", message: EXPIRED } : undefined,
      }),
  }),
  here("F30", "410 again and again: the version of every list is already gone", {
    lasts: [1_000, 30_000],
    begin: (world) =>
      hooks(world, {
        onRequest: (request) =>
          isWatch(request) ? { fault: "respond", status: 410, body: status(410, "Expired", EXPIRED) } : undefined,
      }),
  }),
  elsewhere(
    "F31",
    "etcd restored from a backup: versions begin again",
    "a history that goes back needs an epoch, which the watcher's own tests have",
    "src/sources/watch/watcher.test.ts",
  ),
  here("F32", "versions jump by a thousand million", {
    lasts: MOMENT,
    begin: (world) => {
      world.work.history.skipTo(world.work.history.revision + 1_000_000_000);
      return undefined;
    },
  }),
  elsewhere(
    "F33",
    "bookmarks come, events do not",
    "a server that loses silently: only an audit list can tell",
    "src/sources/watch/watcher.test.ts",
  ),
  here("F34", "no bookmarks at all", {
    lasts: [30_000, 300_000],
    begin: (world) => hooks(world, { onWatchEvent: ({ type }) => (type === "BOOKMARK" ? { fault: "drop" } : undefined) }),
  }),
  here("F35", "a bookmark with an old version", {
    begin: (world, { chance }) =>
      hooks(world, {
        onWatchEvent: ({ index, request }) =>
          index > 0 && chance.happens(0.3) ? { fault: "insert", data: oldBookmark(request.url) } : undefined,
      }),
  }),
  here("F36", "events come twice", {
    begin: (world, { chance }) =>
      hooks(world, {
        onWatchEvent: ({ type }) => (type !== "BOOKMARK" && chance.happens(0.5) ? { fault: "duplicate" } : undefined),
      }),
  }),
  elsewhere(
    "F37",
    "events in the wrong order, a deletion left out",
    "a server that loses silently: only an audit list can tell",
    "src/sources/watch/watcher.test.ts",
  ),
  here("F38", "ERROR 500, 504 or of an unknown kind inside the stream", {
    begin: (world, { chance }) =>
      errorLine(world, chance, () => {
        const [code, reason] = chance.pick(ERRORS);
        return status(code, reason, "injected");
      }),
  }),
  here("F39", "ERROR without a code", {
    begin: (world, { chance }) =>
      errorLine(world, chance, () => ({
        kind: "Status",
        apiVersion: "v1",
        metadata: {},
        status: "Failure",
        message: "injected",
      })),
  }),
  here("F40", "a Table instead of a list", {
    begin: (world, { chance }) =>
      onLists(world, chance, () =>
        Buffer.from('{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"1"},"rows":[]}'),
      ),
  }),
  here("F41", "a list cut short", {
    begin: (world, { chance }) => onLists(world, chance, (body) => body.subarray(0, chance.below(body.length))),
  }),
  here("F42", "410 with a continue token", {
    begin: (world, { chance }) =>
      hooks(world, {
        onRequest: ({ query }) =>
          query.has("continue") && chance.happens(0.6)
            ? { fault: "respond", status: 410, body: status(410, "Expired", "The provided continue parameter is too old") }
            : undefined,
      }),
  }),
  here("F43", "list items twice and in any order", { begin: (world, { chance }) => onLists(world, chance, shuffled(chance)) }),
  here("F44", "429 for a share of the requests", {
    lasts: [5_000, 60_000],
    begin: (world, { chance }) =>
      hooks(world, {
        onRequest: () =>
          chance.happens(0.3)
            ? {
                fault: "respond",
                status: 429,
                headers: { "retry-after": "1" },
                body: status(429, "TooManyRequests", "too many requests"),
              }
            : undefined,
      }),
  }),
  here("F45", "permissions that go and come", {
    lasts: [1_000, 90_000],
    begin: (world, { chance }) => {
      const plural = chance.pick(["configmaps", "pods", "events", "replicasets", "widgets"]);
      const end = repeatedly(
        world,
        () => chance.between(2_000, 30_000),
        () => {
          const isDenied = chance.happens(0.6);
          world.access.isDenied = (asked) => isDenied && asked === plural;
          if (isDenied) for (const connection of world.network.connections) if (connection.isStream) connection.finish("end");
        },
      );
      return () => {
        end();
        world.access.isDenied = () => false;
      };
    },
  }),
  here("F46", "401 at random", {
    begin: (world, { chance }) => {
      world.access.isUnknown = () => chance.happens(0.4);
      return () => {
        world.access.isUnknown = () => false;
      };
    },
  }),
  here("F47", "a custom kind is defined, edited, removed, defined again", {
    lasts: [2_000, 30_000],
    begin: (world, { chance }) =>
      repeatedly(
        world,
        () => chance.between(100, 6_000),
        () => world.work.define(chance),
      ),
  }),
  here("F48", "discovery answers 503", {
    lasts: [1_000, 60_000],
    begin: (world) =>
      hooks(world, {
        onRequest: ({ path }) =>
          path === "/api" || path === "/apis"
            ? { fault: "respond", status: 503, body: status(503, "ServiceUnavailable", "not yet") }
            : undefined,
      }),
  }),
  here("F49", "a namespace ends", {
    lasts: MOMENT,
    begin: (world, { chance }) => {
      world.work.clear(chance.pick(["shop", "cafe"]));
      return undefined;
    },
  }),
  elsewhere("F50", "a first list of 100,000 objects", "ten thousand such runs would last for days", "bench/run.mjs"),
  elsewhere("F51", "an object of 1.4 MiB, ten times a second", "ten thousand such runs would last for days", "bench/run.mjs"),
  here("F52", "the mark that ends the initial events is missing, early or false", {
    begin: (world, { chance }) =>
      hooks(world, {
        onWatchEvent: ({ data }) => {
          if (!data.includes("initial-events-end") || chance.happens(0.3)) return undefined;
          if (chance.happens(0.5)) return { fault: "drop" };
          return {
            fault: "replace",
            data: data.toString("utf8").replace('"k8s.io/initial-events-end":"true"', '"k8s.io/initial-events-end":"false"'),
          };
        },
      }),
  }),
  here("F53", "deletions before the mark that ends the initial events", {
    lasts: [1_000, 20_000],
    begin: (world, { chance }) =>
      hooks(world, {
        onWatchEvent: ({ request, index }) => {
          if (request.query.get("sendInitialEvents") !== "true" || index > 3 || chance.happens(0.5)) return undefined;
          world.work.play({ work: "delete", at: 0, slot: chance.below(100), dice: chance.below(1e9) });
          return { fault: "delay", ms: 200 };
        },
      }),
  }),
];

function oldBookmark(url: string): string {
  const asked = Number(/[?&]resourceVersion=(\d+)/.exec(url)?.[1] ?? 1);
  const metadata = { resourceVersion: String(Math.max(1, asked - 2)) };
  return `${JSON.stringify({ type: "BOOKMARK", object: { kind: "Any", metadata } })}\n`;
}

/** Items in another order, some of them twice. Bytes of an item stay. */
function shuffled(chance: Chance): (body: Buffer) => Buffer | undefined {
  return (body) => {
    const text = body.toString("utf8");
    const start = text.indexOf('"items":[');
    if (start === -1) return undefined;
    const items = itemTexts(text, start + '"items":['.length);
    if (items.texts.length === 0) return undefined;
    const twice = items.texts.flatMap((item) => (chance.happens(0.3) ? [item, item] : [item]));
    const mixed = twice.map((item) => ({ item, rank: chance.next() })).sort((a, b) => a.rank - b.rank);
    const head = text.slice(0, start + '"items":['.length);
    return Buffer.from(`${head}${mixed.map(({ item }) => item).join(",")}${text.slice(items.end)}`);
  };
}

/** The texts between the brackets of a JSON array whose elements are objects. */
function itemTexts(text: string, start: number): { readonly texts: readonly string[]; readonly end: number } {
  const texts: string[] = [];
  let depth = 0;
  let from = start;
  let isString = false;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (isString) {
      if (character === "\\") at++;
      else if (character === '"') isString = false;
    } else if (character === '"') isString = true;
    else if (character === "{" && depth++ === 0) from = at;
    else if (character === "}" && --depth === 0) texts.push(text.slice(from, at + 1));
    else if (character === "]" && depth === 0) return { texts, end: at };
  }
  return { texts: [], end: text.length };
}
