import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Clock, systemClock, VirtualClock } from "../../base/index.ts";
import type { Login } from "../cluster-config.ts";
import type { ExecPlugin } from "../kubeconfig.ts";
import { bearer } from "./credentials.ts";
import { credentialSource } from "./log-in.ts";
import { type Fetched, Renewal } from "./renewal.ts";
import { withoutSecrets } from "./without-secrets.ts";

let directory = "";
const closers: (() => void)[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "faro-auth-"));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
  for (const close of closers.splice(0)) close();
});

function sourceOf(login: Login, clock: Clock = systemClock, isInteractive = false): ReturnType<typeof credentialSource> {
  return credentialSource({ login, environment: { variables: { PATH: process.env["PATH"] }, isInteractive } }, clock);
}

describe("a renewal", () => {
  const START = Date.UTC(2026, 0, 1);

  function counting(make: (run: number) => Fetched | Error): { runs: number; fetch(): Promise<Fetched> } {
    const counter = {
      runs: 0,
      fetch: async (): Promise<Fetched> => {
        const result = make(++counter.runs);
        await new Promise((resolve) => setImmediate(resolve));
        if (result instanceof Error) throw result;
        return result;
      },
    };
    return counter;
  }

  test("fetches once for all who ask at the same time, and keeps what does not expire", async () => {
    const counter = counting((run) => ({ credentials: bearer(`t${run}`) }));
    const renewal = new Renewal(counter.fetch, new VirtualClock());
    const all = await Promise.all(Array.from({ length: 50 }, () => renewal.current()));
    expect(new Set(all)).toEqual(new Set([bearer("t1")]));
    await renewal.current();
    expect(counter.runs).toBe(1);
  });

  test("fetches once for fifty streams that were refused together", async () => {
    const clock = new VirtualClock();
    const counter = counting((run) => ({ credentials: bearer(`t${run}`) }));
    const renewal = new Renewal(counter.fetch, clock);
    const rejected = await renewal.current();
    await clock.advance(60_000);
    const all = await Promise.all(Array.from({ length: 50 }, () => renewal.refresh(rejected)));
    expect(new Set(all.map((credentials) => credentials.authorization))).toEqual(new Set(["Bearer t2"]));
    expect(await renewal.refresh(rejected)).toBe(all[0]);
    expect(counter.runs).toBe(2);
  });

  test("renews when it is time", async () => {
    const clock = new VirtualClock(START);
    const counter = counting((run) => ({ credentials: bearer(`t${run}`), renewAt: START + run * 60_000 }));
    const renewal = new Renewal(counter.fetch, clock);
    await renewal.current();
    await clock.advance(59_999);
    expect((await renewal.current()).authorization).toBe("Bearer t1");
    await clock.advance(1);
    expect((await renewal.current()).authorization).toBe("Bearer t2");
  });

  test("does not run a broken plugin again at once, but again later", async () => {
    const clock = new VirtualClock();
    const counter = counting((run) => (run < 3 ? new Error(`broken ${run}`) : { credentials: bearer("ok") }));
    const renewal = new Renewal(counter.fetch, clock);
    await expect(renewal.current()).rejects.toThrow("broken 1");
    await expect(renewal.current()).rejects.toThrow("broken 1");
    await expect(renewal.refresh(bearer("x"))).rejects.toThrow("broken 1");
    await clock.advance(5_000);
    await expect(renewal.current()).rejects.toThrow("broken 2");
    await clock.advance(5_000);
    expect(await renewal.current()).toEqual(bearer("ok"));
  });

  test("tells the same credentials by the same object, so that a refused request is not repeated in vain", async () => {
    const clock = new VirtualClock();
    const counter = counting(() => ({ credentials: bearer("same") }));
    const renewal = new Renewal(counter.fetch, clock);
    const first = await renewal.current();
    expect(await renewal.refresh(first)).toBe(first);
    expect(counter.runs).toBe(1);
    await clock.advance(5_000);
    expect(await renewal.refresh(first)).toBe(first);
    expect(counter.runs).toBe(2);
  });
});

describe("a token file", () => {
  test("is read again after fifty seconds, trimmed, and survives the kubelet's swap and a moment of absence", async () => {
    const clock = new VirtualClock();
    writeFileSync(join(directory, "1"), " one\n");
    writeFileSync(join(directory, "2"), "two\n\n");
    const file = join(directory, "token");
    symlinkSync("1", file);
    const source = sourceOf({ by: "token-file", file }, clock);
    const first = await source.current();
    expect(first).toEqual(bearer("one"));
    symlinkSync("2", join(directory, "next"));
    renameSync(join(directory, "next"), file);
    await clock.advance(49_999);
    expect(await source.current()).toBe(first);
    await clock.advance(1);
    expect(await source.current()).toEqual(bearer("two"));
    unlinkSync(file);
    await clock.advance(50_000);
    expect(await source.current()).toEqual(bearer("two"));
    writeFileSync(file, "three");
    expect(await source.current()).toEqual(bearer("three"));
  });

  test("is replaced by the given token until it can be read", async () => {
    const file = join(directory, "token");
    const source = sourceOf({ by: "token-file", file, token: "given" });
    expect(await source.current()).toEqual(bearer("given"));
    writeFileSync(file, "written");
    expect(await source.current()).toEqual(bearer("written"));
  });
});

describe("a credential plugin", () => {
  function pluginOf(script: string, more: Partial<ExecPlugin> = {}): Login {
    const command = join(directory, "plugin");
    writeFileSync(command, `#!/usr/bin/env node\n${script}\n`);
    chmodSync(command, 0o755);
    const plugin: ExecPlugin = {
      command,
      args: [],
      env: [],
      apiVersion: "client.authentication.k8s.io/v1",
      provideClusterInfo: false,
      interactiveMode: "Never",
      ...more,
    };
    return { by: "plugin", plugin, cluster: undefined };
  }

  /** A script that prints a credential; `status` is JavaScript. */
  const prints = (status: string): string =>
    `console.log(JSON.stringify({apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status: ${status}}))`;
  const says = (status: object): string => prints(JSON.stringify(status));

  test("whose answer has no end is asked once, and again after a 401", async () => {
    const log = join(directory, "runs");
    const clock = new VirtualClock();
    const source = sourceOf(
      pluginOf(`require("fs").appendFileSync(${JSON.stringify(log)}, "x"); ${says({ token: "t" })}`),
      clock,
    );
    for (let index = 0; index < 5; index++) await source.current();
    const held = await Promise.all([source.current(), source.current()]);
    expect(readFileSync(log, "utf8")).toBe("x");
    await clock.advance(5_000);
    expect(await source.refresh(held[0])).toBe(held[0]);
    expect(readFileSync(log, "utf8")).toBe("xx");
  });

  test("is asked again ten seconds before its token ends", async () => {
    const log = join(directory, "runs");
    const clock = new VirtualClock(Date.UTC(2026, 0, 1));
    const status = { token: "t", expirationTimestamp: "2026-01-01T00:10:00Z" };
    const source = sourceOf(pluginOf(`require("fs").appendFileSync(${JSON.stringify(log)}, "x"); ${says(status)}`), clock);
    await source.current();
    await clock.advance(10 * 60_000 - 10_001);
    await source.current();
    expect(readFileSync(log, "utf8")).toBe("x");
    await clock.advance(1);
    await source.current();
    expect(readFileSync(log, "utf8")).toBe("xx");
  });

  test("that hangs is ended, with what it said", async () => {
    const clock = new VirtualClock();
    const ready = join(directory, "ready");
    const touch = `require("fs").writeFileSync(${JSON.stringify(ready)}, "")`;
    const script = `process.stderr.write("open http://localhost:8000 please\\n", () => ${touch}); setInterval(() => {}, 1000);`;
    const waiting = sourceOf(pluginOf(script), clock).current().then(String, String);
    while (!existsSync(ready)) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(60_000);
    expect(await waiting).toMatch(/plugin gave no answer within 1m: open http:\/\/localhost:8000 please$/);
  });

  test.each<readonly [string, string, Partial<ExecPlugin>, string]>([
    [
      "that is not there",
      "",
      { command: "/nowhere/faro-plugin", installHint: "brew install\n\u001b[31mfaro-plugin" },
      "/nowhere/faro-plugin is not installed, or not on PATH; brew install U+001B[31mfaro-plugin",
    ],
    ["that must ask a person", "", { interactiveMode: "Always" }, "needs a person at a terminal, and there is none"],
    [
      "that fails",
      'console.error("a\\nb\\nrun: aws sso login\\ntoken=abcdef"); process.exit(7)',
      {},
      "failed with exit code 7: b run: aws sso login [removed]",
    ],
    ["that is killed", 'process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000)', {}, "was ended by SIGTERM"],
    ["that prints something else", 'console.log("hello s3cret")', {}, "printed no ExecCredential"],
    ["that prints another kind", 'console.log("{}")', {}, "printed no ExecCredential"],
    ["that gives nothing", says({}), {}, "gave neither a token nor a certificate"],
    [
      "that gives half a certificate",
      says({ token: "x", clientCertificateData: "y" }),
      {},
      "gave only one of certificate and key",
    ],
    ["that prints without end", 'process.stdout.write("x".repeat(5000000))', {}, "printed more than 4 MiB"],
  ])("%s is named with the reason", async (_name, script, more, message) => {
    const error: unknown = await sourceOf(pluginOf(script, more))
      .current()
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: "CredentialError" });
    expect(String(error)).toContain(message);
    expect(String(error)).not.toMatch(/s3cret|abcdef/);
  });

  test("gets standard input when a person is there and it may ask", async () => {
    const script = prints("{token: String(JSON.parse(process.env.KUBERNETES_EXEC_INFO).spec.interactive)}");
    expect(await sourceOf(pluginOf(script, { interactiveMode: "IfAvailable" }), systemClock, true).current()).toEqual(
      bearer("true"),
    );
    expect(await sourceOf(pluginOf(script, { interactiveMode: "IfAvailable" })).current()).toEqual(bearer("false"));
  });
});

describe("an OIDC login", () => {
  const at = (seconds: number): string => `h.${Buffer.from(JSON.stringify({ exp: seconds })).toString("base64url")}.s`;
  const NOW = Date.UTC(2026, 0, 1) / 1_000;

  async function provider(answers: readonly (object | number)[]): Promise<{ url: string; asked: string[] }> {
    const asked: string[] = [];
    let next = 0;
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => (body += chunk));
      request.on("end", () => {
        asked.push(`${request.method} ${request.url} ${body}`);
        if (request.url === "/.well-known/openid-configuration") {
          response.end(JSON.stringify({ token_endpoint: `${facts.url}/token` }));
          return;
        }
        const answer = answers[next++] ?? 500;
        if (typeof answer === "number") response.writeHead(answer).end("no");
        else response.end(JSON.stringify(answer));
      });
    });
    const facts = { url: "", asked };
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closers.push(() => {
      server.closeAllConnections();
      server.close();
    });
    facts.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return facts;
  }

  test("uses the id-token as long as it is valid, then the refresh-token, then the newer refresh-token", async () => {
    const clock = new VirtualClock();
    const { url, asked } = await provider([{ id_token: at(NOW + 200), refresh_token: "r2" }, { id_token: at(NOW + 300) }]);
    const settings = {
      "idp-issuer-url": `${url}/`,
      "client-id": "faro",
      "client-secret": "cs",
      "id-token": at(NOW + 100),
      "refresh-token": "r1",
    };
    const source = sourceOf({ by: "oidc", settings }, clock);
    expect(await source.current()).toEqual(bearer(at(NOW + 100)));
    await clock.advance(90_000);
    expect(await source.current()).toEqual(bearer(at(NOW + 200)));
    await clock.advance(100_000);
    expect(await source.current()).toEqual(bearer(at(NOW + 300)));
    expect(asked.filter((line) => line.startsWith("POST"))).toEqual([
      "POST /token grant_type=refresh_token&refresh_token=r1&client_id=faro&client_secret=cs",
      "POST /token grant_type=refresh_token&refresh_token=r2&client_id=faro&client_secret=cs",
    ]);
  });

  test("refreshes after a 401 although the id-token looks valid", async () => {
    const clock = new VirtualClock();
    const { url } = await provider([{ id_token: at(NOW + 900) }]);
    const source = sourceOf(
      { by: "oidc", settings: { "idp-issuer-url": url, "id-token": at(NOW + 800), "refresh-token": "r" } },
      clock,
    );
    const first = await source.current();
    await clock.advance(5_000);
    expect(await source.refresh(first)).toEqual(bearer(at(NOW + 900)));
  });

  test("without a refresh-token it uses the id-token to its end", async () => {
    const clock = new VirtualClock();
    const source = sourceOf({ by: "oidc", settings: { "id-token": at(NOW + 100) } }, clock);
    await source.current();
    await clock.advance(90_000);
    await expect(source.current()).rejects.toThrow("the OIDC id-token has expired, and there is no refresh-token");
  });

  test.each([
    ["refuses", [400], "answered 400"],
    ["gives no id_token", [{ access_token: "x" }], "gave no id_token"],
  ])("a provider that %s is named, without the tokens", async (_name, answers, message) => {
    const { url } = await provider(answers);
    const source = sourceOf({ by: "oidc", settings: { "idp-issuer-url": url, "refresh-token": "s3cret" } }, new VirtualClock());
    const error: unknown = await source.current().catch((reason: unknown) => reason);
    expect(String(error)).toContain(message);
    expect(String(error)).not.toContain("s3cret");
  });

  test("a provider that is not there is named", async () => {
    const source = sourceOf(
      { by: "oidc", settings: { "idp-issuer-url": "http://127.0.0.1:1", "refresh-token": "r" } },
      new VirtualClock(),
    );
    await expect(source.current()).rejects.toThrow(
      "cannot reach the OIDC provider at http://127.0.0.1:1/.well-known/openid-configuration",
    );
  });
});

test.each([
  ["Bearer abc.def", "[removed]"],
  ["jwt eyJhbGciOiJub25lIn0.eyJleHAiOjF9.x end", "jwt [removed] end"],
  ["see https://ann:pw@host/x", "see https:[removed]host/x"],
  ['{"token": "abc", "n": 1}', '{"[removed]", "n": 1}'],
  ["-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----.", "[removed]."],
  [
    "pods my-very-long-deployment-name-7d9f8c6b5-x2x4z is forbidden",
    "pods my-very-long-deployment-name-7d9f8c6b5-x2x4z is forbidden",
  ],
])("takes secrets out of %j", (text, expected) => {
  expect(withoutSecrets(text)).toBe(expected);
});
