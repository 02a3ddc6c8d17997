/** Lays out the files of one kubeconfig case, and sends Faro's request for it. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { systemClock } from "../../src/base/index.ts";
import { type ConnectionFlags, createApiClient, loadClusterConfig } from "../../src/cluster/index.ts";
import { type CapturedRequest, type CaptureServer, fixture } from "./capture-server.ts";
import type { Expected, KubeconfigCase } from "./kubeconfigs.ts";

/** A case on disk, with every placeholder filled in. */
export interface LaidOutCase {
  readonly directory: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly flags: ConnectionFlags;
  readonly expected: Expected;
  remove(): void;
}

const base64 = (name: string): string => Buffer.from(fixture(name)).toString("base64");

export function layOut(testCase: KubeconfigCase, server: CaptureServer): LaidOutCase {
  const directory = mkdtempSync(join(tmpdir(), "faro-kubeconfig-"));
  const places: Readonly<Record<string, string>> = {
    ...server.places,
    $DIR: directory,
    $OTHERCA: base64("other-ca.crt"),
    $CA: base64("ca.crt"),
    $CERT2: base64("client2.crt"),
    $KEY2: base64("client2.key"),
    $CERT: base64("client.crt"),
    $KEY: base64("client.key"),
  };
  // Longest first: $HTTPS before $HTTP.
  const names = Object.keys(places).toSorted((a, b) => b.length - a.length);
  const fill = (text: string): string => names.reduce((filled, name) => filled.replaceAll(name, places[name] ?? ""), text);
  for (const [path, text] of Object.entries(testCase.files)) {
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text.startsWith("fixture:") ? fixture(text.slice("fixture:".length)) : fill(text));
    if (path.endsWith(".plugin")) chmodSync(file, 0o755);
  }
  const flags = JSON.parse(fill(JSON.stringify(testCase.flags ?? {}))) as ConnectionFlags;
  const env = Object.fromEntries(Object.entries(testCase.env ?? {}).map(([name, value]) => [name, fill(value)]));
  return {
    directory,
    variables: { HOME: directory, PATH: process.env["PATH"] ?? "", ...env },
    flags,
    expected: testCase.expected,
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Reads the pods of the effective namespace as Faro does. */
export async function askAsFaro(laidOut: LaidOutCase): Promise<void> {
  const config = await loadClusterConfig(laidOut.flags, {
    variables: laidOut.variables,
    serviceAccountDirectory: join(laidOut.directory, "none"),
  });
  const client = createApiClient(config, { clock: systemClock, userAgent: "faro/test" });
  try {
    await client.read({ path: `/api/v1/namespaces/${config.namespace}/pods` });
  } finally {
    await client.close();
  }
}

/** The whole request that the short form in the table stands for. */
export function wholeRequest(expected: Exclude<Expected, { readonly error: RegExp }>): CapturedRequest {
  const { prefix = "", namespace = "default", ...rest } = expected;
  return { scheme: "https", via: "direct", impersonate: {}, ...rest, path: `${prefix}/api/v1/namespaces/${namespace}/pods` };
}
