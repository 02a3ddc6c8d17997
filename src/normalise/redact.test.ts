import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { redactMessage, redactObject } from "./redact.ts";

const KEY = Buffer.alloc(16, 1);
const JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";
const PEM = [
  "-----BEGIN RSA PRIVATE KEY-----",
  "MIIEpAIBAAKCAQEA1c7+9z5Pad7OejecsQ0bu3aumZ",
  "PcanaryPqPMyrPzMbnvfUPLuA7vb",
  "-----END RSA PRIVATE KEY-----",
].join("\n");

function redact(object: unknown, kind: string = "Pod", apiVersion: string = "v1"): { text: string; redactions: number } {
  const { raw, redactions, failed } = redactObject(Buffer.from(JSON.stringify(object)), { apiVersion, kind }, KEY);
  expect(failed).toBe(false);
  const text = raw.toString();
  JSON.parse(text);
  return { text, redactions };
}

describe("secrets that stand in a known place", () => {
  test("of a Secret: every value, with its length and a tag that shows a change", () => {
    const secret = (password: string): object => ({
      kind: "Secret",
      data: { password: Buffer.from(password).toString("base64") },
      type: "Opaque",
    });
    const [one, same, other] = ["hunter2", "hunter2", "hunter3"].map((password) => redact(secret(password), "Secret").text);
    expect(one).toMatch(/^\{"kind":"Secret","data":\{"password":\{"bytes":7,"tag":"[0-9a-f]{8}"\}\},"type":"Opaque"\}$/);
    expect(same).toBe(one);
    expect(other).not.toBe(one);
    const plain = redact({ stringData: { password: "hunter2" } }, "Secret").text;
    expect(plain.match(/"tag":"(\w+)"/)?.[1]).toBe(one?.match(/"tag":"(\w+)"/)?.[1]);
  });

  test("of a Secret: every annotation", () => {
    const { text } = redact(
      { metadata: { annotations: { note: "canary", empty: "" }, labels: { app: "web" } }, data: null },
      "Secret",
    );
    expect(text).not.toContain("canary");
    expect(text).toContain('"labels":{"app":"web"}');
  });

  test("have other tags in another run", () => {
    const raw = Buffer.from('{"data":{"a":"aHVudGVyMg=="}}');
    const [a, b] = [KEY, Buffer.alloc(16, 2)].map((key) =>
      redactObject(raw, { apiVersion: "v1", kind: "Secret" }, key).raw.toString(),
    );
    expect(a).not.toBe(b);
  });

  test("are environment variables by their names, at any depth", () => {
    const env = [
      { name: "DB_PASSWORD", value: "canary-1" },
      { value: "canary-2", name: "apiKey" },
      { name: "SESSION_SECRET", valueFrom: { secretKeyRef: { name: "s", key: "k" } } },
      { name: "TOKEN_EMPTY", value: "" },
      { name: "LOG_LEVEL", value: "debug" },
    ];
    const { text, redactions } = redact(
      { spec: { jobTemplate: { spec: { template: { spec: { initContainers: [{ env }] } } } } } },
      "CronJob",
      "batch/v1",
    );
    expect(text).not.toMatch(/canary/);
    expect(redactions).toBe(2);
    expect(text).toContain('{"name":"SESSION_SECRET","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}}');
    expect(text).toContain('{"name":"TOKEN_EMPTY","value":""},{"name":"LOG_LEVEL","value":"debug"}');
    expect(redact({ spec: { env: { DB_DSN: "canary", DEBUG: "1" } } }).text).toMatch(
      /"DB_DSN":"\[REDACTED:env:6:\w{8}\]","DEBUG":"1"/,
    );
  });

  test.each([
    [["--password=canary", "--port=80"], /^\["--password=\[REDACTED:arg:6:\w{8}\]","--port=80"\]$/],
    [["--token", "canary", "run"], /^\["--token","\[REDACTED:arg:6:\w{8}\]","run"\]$/],
    [
      ["sh", "-c", "DB_PASSWORD=canary app --api-key 'canary' -v"],
      /^\["sh","-c","DB_PASSWORD=\[\S+\] app --api-key \[\S+\] -v"\]$/,
    ],
    [
      ["docker", "run", "-e DB_PASSWORD=canary", "--verbose --token canary"],
      /^\["docker","run","-e DB_PASSWORD=\[\S+\]","--verbose --token \[\S+\]"\]$/,
    ],
    [["--token", "--verbose"], /^\["--token","--verbose"\]$/],
    [
      ["--tls-private-key-file=/etc/tls.key", "--secret-name=db"],
      /^\["--tls-private-key-file=\/etc\/tls.key","--secret-name=db"\]$/,
    ],
    [["--namespace=prod", 7, null], /^\["--namespace=prod",7,null\]$/],
  ])("are flags of a command: %j", (args, expected) => {
    const { text } = redact({ spec: { containers: [{ args }] } });
    expect(text).not.toContain("canary");
    expect(text.slice('{"spec":{"containers":[{"args":'.length, -"}]}}".length)).toMatch(expected);
  });

  test("are flags and variables whose names are hidden by escapes", () => {
    const env = String.raw`[{"name":"TOKEN","value":"canary1"},{"name":"P\u0041SS","value":"canary2"}]`;
    const raw = String.raw`{"env":${env},"args":["--p\u0061ss=canary3"]}`;
    const { raw: redacted } = redactObject(Buffer.from(raw), { apiVersion: "v1", kind: "Pod" }, KEY);
    expect(redacted.toString()).not.toContain("canary");
  });

  test("are in the copy that kubectl keeps, which stays readable otherwise", () => {
    const copy = {
      kind: "Deployment",
      spec: { template: { spec: { containers: [{ env: [{ name: "PASSWORD", value: "canary" }] }] } }, replicas: 3 },
    };
    const annotations = { "kubectl.kubernetes.io/last-applied-configuration": `${JSON.stringify(copy)}\n` };
    const { text } = redact({ metadata: { annotations } }, "Deployment", "apps/v1");
    expect(text).not.toContain("canary");
    expect(text).toContain('\\"replicas\\":3');
  });

  test("are in the copy of an object of another kind, redacted by the rules of its own", () => {
    const copy = JSON.stringify({ apiVersion: "v1", kind: "Secret", stringData: { password: "canary" } });
    const { text } = redact({ metadata: { annotations: { "example.com/last-applied-thing": copy } } });
    expect(text).not.toContain("canary");
  });

  test.each([["not JSON canary"], ['["canary"]'], ['{"a":"canary"']])("make a copy go that cannot be read: %s", (copy) => {
    const { text } = redact({ metadata: { annotations: { "objectset.rio.cattle.io/applied": copy } } });
    expect(text).toMatch(/"objectset.rio.cattle.io\/applied":"\[REDACTED:copy:\d+:\w{8}\]"/);
  });

  test("leave a copy without secrets as it is, and managed fields that name it", () => {
    const name = "kubectl.kubernetes.io/last-applied-configuration";
    const annotations = String.raw`{"${name}":"{\"kind\":\"Pod\", \"n\":1.0}\n"}`;
    const text = `{"metadata":{"annotations":${annotations},"managedFields":[{"f:${name}":{}}]}}`;
    expect(redactObject(Buffer.from(text), { apiVersion: "v1", kind: "Pod" }, KEY).raw.toString()).toBe(text);
  });

  test("are the payload of a release that helm keeps in a ConfigMap", () => {
    const release = { metadata: { name: "sh.helm.release.v1.web.v1" }, data: { release: "canary" } };
    expect(redact(release, "ConfigMap").text).not.toContain("canary");
    expect(redact({ metadata: { name: "web" }, data: { release: "v1" } }, "ConfigMap").text).toContain('"release":"v1"');
  });

  test("are Secrets inside other objects", () => {
    const { text } = redact(
      {
        spec: {
          manifests: [
            { kind: "Secret", data: { a: "Y2FuYXJ5" } },
            { kind: "ConfigMap", data: { a: "kept" } },
          ],
        },
      },
      "Work",
      "x/v1",
    );
    expect(text).not.toContain("Y2FuYXJ5");
    expect(text).toContain("kept");
  });
});

describe("secrets that are known by their shape", () => {
  const shapes = [
    ["jwt", JWT],
    ["pem", PEM],
    ["aws-key", "AKIAIOSFODNN7EXAMPLE"],
    ["aws-secret", "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"],
    ["github", `ghp_${"a1B2".repeat(9)}`],
    ["github", `github_pat_${"a1B2".repeat(9)}`],
    // Spelled in two parts: a scanner of repositories would take the whole for a leaked one.
    ["slack", ["xoxb", "123456789012", "abcdefABCDEF"].join("-")],
    ["google", `AIza${"SyA1b2C".repeat(5)}`],
    ["gitlab", `glpat-${"a1B2c".repeat(4)}`],
    ["stripe", ["sk", "live", "a1B2".repeat(6)].join("_")],
    ["npm", `npm_${"a1B2".repeat(9)}`],
    ["docker", `dckr_pat_${"a1B2".repeat(6)}`],
    ["vault", `hvs.${"a1B2".repeat(6)}`],
    ["docker-auth", '{"auths":{"r.example.com":{"auth":"dXNlcjpwYXNz"}}}'],
    ["authorization", "Authorization: Basic dXNlcjpwYXNz"],
    ["authorization", '"authorization": ["Bearer abc.def"]'],
    ["bearer", `curl -H 'x: BEARER ${"a1B2".repeat(6)}'`],
    ["userinfo", "postgres://app:p@ss@db:5432/x"],
    ["userinfo", `https://${"a1B2".repeat(6)}@git.example.com/x.git`],
  ] as const;

  test.each(shapes)("are replaced in a message: %s", (what, text) => {
    const secret = redactMessage(text);
    expect(secret).toMatch(new RegExp(`\\[REDACTED:${what}:\\d+\\]`));
    expect(redactMessage(`before ${text}`)).toBe(`before ${secret}`);
    expect(redactMessage(`line\n${text}\nafter`).endsWith("\nafter")).toBe(true);
  });

  test.each(shapes)("are replaced in any string of an object, even behind an escape or inside JSON as text: %s", (what, text) => {
    for (const value of [
      text,
      `\n${text}\n"quoted"\\`,
      JSON.stringify({ inner: text }),
      JSON.stringify(JSON.stringify([text])),
    ]) {
      const { text: redacted, redactions } = redact({ message: value, after: "kept" }, "Event");
      expect(redacted).toMatch(new RegExp(`\\[REDACTED:${what}:\\d+:\\w{8}\\]`));
      expect(redacted).toContain('"after":"kept"');
      expect(redactions).toBe(1);
    }
  });

  test.each([
    ["ssh://git@github.com/x/y"],
    ["http://10.0.0.1:8080/path?mail=a@b.example.com"],
    ["the bearer of this message"],
    ["eyJ is how JSON begins"],
    ["-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"],
    ["sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"],
    ["postgres://app@db/x"],
  ])("are not seen in %j", (text) => {
    expect(redactMessage(text)).toBe(text);
  });

  test("do not make redaction slow on hostile text", () => {
    const hostile = [
      "eyJ".repeat(40_000),
      `://${"a:".repeat(50_000)}`,
      "-----BEGIN ".repeat(10_000),
      `"auth":"auths${"\\".repeat(100_000)}`,
      `bearer${" ".repeat(100_000)}`,
    ];
    // A pattern that is quadratic needs minutes for these; the test's own time limit is the assertion.
    for (const text of hostile) expect(redactMessage(text).length).toBeGreaterThan(0);
  });
});

test("an object without secrets keeps every byte", () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const { raw, redactions } = redactObject(Buffer.from(text), { apiVersion: "v1", kind: "Pod" }, KEY);
      JSON.parse(raw.toString());
      expect(redactions === 0 ? raw.toString() : text).toBe(text);
    }),
  );
});

test("a redacted object is JSON, whatever stands around the secret", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (before, after) => {
      const value = `${before}${JWT} ${PEM}${after}`;
      const { text } = redact({ env: [{ name: "A_TOKEN", value }], args: [`--token=${value}`], note: value });
      expect(text).not.toContain("canaryPqPMyr");
      expect(text).not.toContain("dozjgNryP4J3");
    }),
  );
});
