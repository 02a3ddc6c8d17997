/**
 * Credential plugins (`exec` of a kubeconfig user): `plugin/pkg/client/auth/exec/exec.go`. The plugin is a program that
 * prints an ExecCredential with a token, a client certificate, or both.
 */
import { spawn } from "node:child_process";
import { type Clock, formatDuration } from "../../base/index.ts";
import type { ConnectionEnvironment, PluginCluster } from "../cluster-config.ts";
import { Fields, isMapping } from "../fields.ts";
import type { ExecPlugin } from "../kubeconfig.ts";
import { CredentialError } from "./credentials.ts";
import type { Fetched } from "./renewal.ts";
import { withoutSecrets } from "./without-secrets.ts";

/** A plugin that asks nobody has no reason to take longer. */
const SILENT_TIMEOUT_MS = 60_000;
/** One that may open a browser waits for a person. */
const INTERACTIVE_TIMEOUT_MS = 10 * 60_000;
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024;
/** Credentials are renewed so long before they expire, or a tenth of their life if that is less. */
const LEEWAY_MS = 10_000;

export interface PluginRun {
  readonly plugin: ExecPlugin;
  readonly cluster: PluginCluster | undefined;
  readonly environment: ConnectionEnvironment;
  readonly clock: Clock;
}

/** Runs the plugin once. @throws CredentialError with what the plugin said on stderr, less what looks secret. */
export async function runPlugin(run: PluginRun): Promise<Fetched> {
  const { plugin, environment } = run;
  const isInteractive = plugin.interactiveMode !== "Never" && environment.isInteractive === true;
  if (plugin.interactiveMode === "Always" && !isInteractive) {
    throw new CredentialError(`credential plugin ${plugin.command} needs a person at a terminal, and there is none`);
  }
  const startedAt = run.clock.now();
  const output = await outputOf(run, isInteractive);
  return decodeOutput(output, plugin, startedAt);
}

function outputOf({ plugin, cluster, environment, clock }: PluginRun, isInteractive: boolean): Promise<string> {
  const info = {
    kind: "ExecCredential",
    apiVersion: plugin.apiVersion,
    spec: { ...(cluster === undefined ? {} : { cluster }), interactive: isInteractive },
  };
  const own = Object.fromEntries(plugin.env.map((variable) => [variable.name, variable.value]));
  const env = { ...environment.variables, ...own, KUBERNETES_EXEC_INFO: JSON.stringify(info) };
  const child = spawn(plugin.command, plugin.args, {
    env,
    stdio: [isInteractive ? "inherit" : "ignore", "pipe", isInteractive ? "inherit" : "pipe"],
    windowsHide: true,
  });
  return new Promise((resolve, reject) => {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    const fail = (why: string): void => {
      cancel();
      child.kill("SIGKILL");
      // A grandchild may hold the pipes open for ever; nobody reads them any more.
      child.stdout?.destroy();
      child.stderr?.destroy();
      reject(new CredentialError(`credential plugin ${plugin.command} ${why}`));
    };
    const timeoutMs = isInteractive ? INTERACTIVE_TIMEOUT_MS : SILENT_TIMEOUT_MS;
    const cancel = clock.after(timeoutMs, () => fail(`gave no answer within ${formatDuration(timeoutMs)}${said(stderr)}`));
    collect(child.stdout, stdout, () => fail("printed more than 4 MiB"));
    collect(child.stderr, stderr, () => fail("printed more than 4 MiB of errors"));
    child.on("error", (error) => fail(startFailure(error, plugin)));
    child.on("close", (code, signal) => {
      if (code === 0) {
        cancel();
        resolve(Buffer.concat(stdout).toString("utf8"));
      } else {
        fail(`${code === null ? `was ended by ${signal}` : `failed with exit code ${code}`}${said(stderr)}`);
      }
    });
  });
}

function collect(stream: NodeJS.ReadableStream | null, into: Buffer[], onTooMuch: () => void): void {
  let bytes = 0;
  stream?.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > OUTPUT_BYTES_MAX) onTooMuch();
    else into.push(chunk);
  });
}

function startFailure(error: Error, plugin: ExecPlugin): string {
  const isMissing = "code" in error && error.code === "ENOENT";
  const hint = plugin.installHint === undefined ? "" : `; ${printable(plugin.installHint)}`;
  return isMissing ? `is not installed, or not on PATH${hint}` : `cannot be started: ${error.message}`;
}

/** Text from a kubeconfig must not steer the terminal: control characters are shown as code points. */
function printable(text: string): string {
  return text
    .trim()
    .replace(/\s+/g, " ")
    .replace(/\p{C}/gu, (character) => `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`);
}

/** The last lines of stderr, where plugins say what to do (`run: aws sso login`). */
function said(stderr: readonly Buffer[]): string {
  const lines = Buffer.concat(stderr).toString("utf8").trim().split("\n").slice(-3);
  const text = printable(withoutSecrets(lines.join(" "))).slice(0, 500);
  return text === "" ? "" : `: ${text}`;
}

function decodeOutput(output: string, plugin: ExecPlugin, startedAt: number): Fetched {
  const refuse = (why: string): CredentialError => new CredentialError(`credential plugin ${plugin.command} ${why}`);
  const document = parseJson(output);
  if (!isMapping(document)) throw refuse("printed no ExecCredential");
  const { apiVersion, kind } = document;
  if (kind !== "ExecCredential") throw refuse("printed no ExecCredential");
  if (apiVersion !== plugin.apiVersion) throw refuse(`answered in another version than ${plugin.apiVersion}`);
  const status = Fields.of(document["status"], ["status"]);
  const [token, certificate, key] = [status.text("token"), status.text("clientCertificateData"), status.text("clientKeyData")];
  if ((certificate === undefined) !== (key === undefined)) throw refuse("gave only one of certificate and key");
  if (token === undefined && certificate === undefined) throw refuse("gave neither a token nor a certificate");
  const expiresAt = Date.parse(status.text("expirationTimestamp") ?? "");
  return {
    credentials: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(certificate === undefined || key === undefined ? {} : { certificate: { certificate, key } }),
    },
    ...(Number.isNaN(expiresAt) ? {} : { renewAt: expiresAt - Math.min(LEEWAY_MS, Math.max(0, (expiresAt - startedAt) / 10)) }),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the caller says so, without the text: it may hold a token
  }
}
