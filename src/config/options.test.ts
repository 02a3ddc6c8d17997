import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { documentOptions } from "./documentation.ts";
import { type RawValue, spellings } from "./option.ts";
import type { OptionKey } from "./option-values.ts";
import { OPTION_ROWS, OPTIONS } from "./options.ts";
import { resolveOptions } from "./precedence.ts";
import { showOptions } from "./view.ts";

test("every flag of the specification is there under its name", () => {
  const seed = [
    "resource",
    "name",
    "namespace",
    "output",
    "kubeconfig",
    "workers",
    "buffer-size",
    "log-level",
    "metrics-port",
    "correlation-timeout",
    "include-logs",
    "max-log-streams",
  ];
  expect(OPTION_ROWS.map(([, option]) => option.flag)).toEqual(expect.arrayContaining(seed));
});

test("kubectl's connection flags keep their spelling", () => {
  const kubectl =
    "context cluster user kubeconfig as as-group as-uid token server certificate-authority client-certificate client-key " +
    "insecure-skip-tls-verify tls-server-name request-timeout";
  expect(OPTION_ROWS.map(([, option]) => option.flag)).toEqual(expect.arrayContaining(kubectl.split(" ")));
  expect(OPTIONS.server.short).toBe("s");
});

test("a key is its flag in camel case, so that commander and the table agree", () => {
  for (const [key, option] of OPTION_ROWS)
    expect(option.flag.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())).toBe(key);
});

test("no spelling and no short form belongs to two options", () => {
  const all = OPTION_ROWS.flatMap(([, option]) => [
    ...spellings(option),
    ...(option.short === undefined ? [] : [`-${option.short}`]),
  ]);
  expect(new Set(all).size).toBe(all.length);
});

test("docs/configuration.md has the table that the code has", async () => {
  const page = await readFile(new URL("../../docs/configuration.md", import.meta.url), "utf8");
  const table = page.split("<!-- options: begin -->\n")[1]?.split("\n<!-- options: end -->")[0];
  expect(table).toBe(documentOptions());
});

test("options are shown with durations as people write them, and never a token", async () => {
  const resolved = await resolveOptions({
    flags: new Map<OptionKey, RawValue>([
      ["token", "s3cr3t"],
      ["resource", ["v1/Pod", "v1/Service"]],
      ["duration", "90s"],
    ]),
    configFile: undefined,
    env: { FARO_WORKERS: "8" },
    cwd: "/nowhere",
    home: "/nowhere",
  });
  const shown = new Map(showOptions(resolved).map((option) => [option.flag, [option.value, option.origin]]));
  expect(shown.get("token")).toEqual(["(hidden)", "--token"]);
  expect(shown.get("resource")).toEqual(["v1/Pod,v1/Service", "--resource"]);
  expect(shown.get("duration")).toEqual(["1m30s", "--duration"]);
  expect(shown.get("workers")).toEqual(["8", "FARO_WORKERS"]);
  expect(shown.get("until")).toEqual(["", "default"]);
  expect(JSON.stringify([...shown])).not.toContain("s3cr3t");
});
