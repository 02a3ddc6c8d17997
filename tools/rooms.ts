/**
 * The rooms of `src/` as data: what each may import, which npm packages and which parts of Node it is granted.
 * `docs/ARCHITECTURE.md` says why; `test/rooms.test.ts` holds the code to it. Adding a room or a dependency
 * starts here.
 */

export interface Room {
  /** Rooms whose door (`<room>/index.ts`) it may import. */
  readonly imports: readonly string[];
  /** Rooms of which it may import types only. */
  readonly types?: readonly string[];
  /** npm packages that belong to it. */
  readonly packages?: readonly string[];
  /** Built-in modules it may use beyond `FREE_BUILTINS`. */
  readonly builtins?: readonly string[];
}

/** Built-in modules that neither do input or output nor read a clock. */
export const FREE_BUILTINS: readonly string[] = [
  "node:buffer",
  "node:crypto",
  "node:path",
  "node:util",
  "node:string_decoder",
  "node:url",
  "node:v8",
];

const FILES = ["node:fs", "node:fs/promises", "node:os", "node:stream", "node:stream/promises"] as const;
const BELOW_CAPTURE = ["base", "record", "cluster", "sources", "normalise", "correlate", "archive", "story"] as const;

/** In the order of the flow: a room imports only rooms that stand before it, so there can be no cycle. */
export const ROOMS: Readonly<Record<string, Room>> = {
  base: { imports: [], builtins: ["node:events"] },
  record: { imports: ["base"], packages: ["zod"], builtins: ["node:zlib"] }, // for its CRC-32
  cluster: {
    imports: ["base"],
    packages: ["undici", "yaml"],
    builtins: [
      ...FILES,
      "node:child_process",
      "node:net",
      "node:tls",
      "node:http",
      "node:https",
      "node:zlib",
      "node:dns",
      "node:dns/promises",
    ],
  },
  sources: { imports: ["base", "cluster"] },
  normalise: { imports: ["base", "record", "sources"] },
  correlate: { imports: ["base", "record"] },
  archive: { imports: ["base", "record"], builtins: [...FILES, "node:zlib"] },
  story: { imports: ["base", "record"], packages: ["zod"], builtins: FILES },
  capture: { imports: BELOW_CAPTURE, builtins: FILES },
  views: { imports: ["base", "record", "archive", "story"], builtins: [...FILES, "node:http"] },
  apiserver: { imports: ["base", "record", "archive"], builtins: [...FILES, "node:http", "node:https", "node:net", "node:zlib"] },
  proof: {
    imports: ["base", "record", "cluster", "sources", "archive", "story", "capture", "apiserver"],
    builtins: ["node:fs", "node:os", "node:process", "node:zlib"],
  },
  config: { imports: ["base"], types: ["capture", "cluster"], packages: ["zod", "yaml"], builtins: FILES },
  telemetry: {
    imports: ["base"],
    types: ["capture", "record"],
    packages: ["pino"],
    builtins: ["node:http", "node:net", "node:stream", "node:process"],
  },
  cli: {
    imports: [...BELOW_CAPTURE, "capture", "views", "apiserver", "config", "telemetry"],
    packages: ["commander", "log-update", "yaml"],
    builtins: [...FILES, "node:process", "node:tty", "node:readline", "node:child_process", "node:module", "node:perf_hooks"],
  },
};

/** Files beside the rooms: the library and its testing door. They may import every room's door. */
export const OUTSIDE_ROOMS: readonly string[] = ["index.ts", "testing.ts"];

/** Where the clock, chance, the environment and the console may be touched. */
export const MAY_TOUCH_THE_PROCESS: readonly string[] = ["base/clock.ts", "config/", "cli/", "telemetry/"];

/** Only these may open a listening socket. */
export const MAY_LISTEN: readonly string[] = ["telemetry", "apiserver", "views"];
