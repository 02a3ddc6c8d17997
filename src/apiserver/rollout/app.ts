/** What the application's containers print, line by line, by its version. */
import type { Seeded } from "./seeded.ts";
import { APP } from "./manifests.ts";

export interface PrintedLine {
  readonly text: string;
  readonly stream?: "stderr";
  /** Pause before it, milliseconds of the play. */
  readonly after: number;
}

/** The whole output of one run of the init container. */
export function migration(version: string): readonly PrintedLine[] {
  return [
    { after: 120, text: `migrate: ${APP} ${version}, connecting to postgres://db.default.svc:5432/my_app` },
    { after: 340, text: "migrate: schema is at version 41" },
    { after: 420, text: "migrate: nothing to do, 0 migrations applied" },
  ];
}

/** What it prints until it listens. */
export function startup(version: string): readonly PrintedLine[] {
  return [
    { after: 90, text: `level=info msg="starting" app=${APP} version=${version} pid=1` },
    { after: 60, text: 'level=info msg="reading configuration" file=/etc/my-app/config.yaml' },
  ];
}

/** Version 1.5.0 reads `cache.ttl` more strictly than the configuration allows: the fault of the play. */
export function configurationError(): readonly PrintedLine[] {
  const lines = [
    'level=fatal msg="configuration is invalid" file=/etc/my-app/config.yaml key=cache.ttl',
    'ConfigError: cache.ttl: expected a duration such as "30s", got "30 seconds"',
    "    at parseDuration (/app/dist/config/duration.js:41:11)",
    "    at readCache (/app/dist/config/cache.js:17:14)",
    "    at readConfig (/app/dist/config/index.js:63:12)",
    "    at async main (/app/dist/main.js:22:18)",
  ];
  return lines.map((text, at) => ({ text, stream: "stderr", after: at === 0 ? 140 : 0 }));
}

export function listening(): readonly PrintedLine[] {
  return [
    { after: 180, text: 'level=info msg="connected" database=my_app pool=8' },
    { after: 110, text: 'level=info msg="listening" address=0.0.0.0:8080' },
  ];
}

/** One served request. */
export function requestLine(chance: Seeded): PrintedLine {
  const path = ["/", "/cart", "/cart/items", "/products/417", "/products/8", "/checkout"][chance.between(0, 6)] ?? "/";
  const text = `level=info msg="request" method=GET path=${path} status=200 duration=${chance.between(2, 48)}ms trace=${chance.hex(16)}`;
  return { after: chance.between(500, 1_900), text };
}

export function draining(): readonly PrintedLine[] {
  return [
    { after: 20, text: 'level=info msg="received SIGTERM, draining"' },
    { after: 400, text: 'level=info msg="stopped" open_requests=0' },
  ];
}

/** True for the version that cannot start. */
export function isBroken(version: string): boolean {
  return version === "1.5.0";
}
