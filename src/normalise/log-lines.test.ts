import { describe, expect, test } from "vitest";
import { LineSplitter } from "../base/index.ts";
import { LineBlock } from "../sources/index.ts";
import { type LogBlock, normaliseLogBlock } from "./log-lines.ts";
import { initialLogRedaction, type LogRedactionState, redactLogText } from "./redact-log.ts";

const T = "2026-01-05T10:00:00.000000001Z ";
const PEM = [
  "-----BEGIN PRIVATE KEY-----",
  "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7",
  "canaryQ2NzQ5",
  "dGFpbA==",
  "-----END PRIVATE KEY-----",
];

function block(
  lines: readonly (string | Buffer)[],
  redaction: LogRedactionState = initialLogRedaction,
  unterminated: boolean = false,
): LogBlock {
  const stamp = { seq: 5, receivedAt: Date.parse("2026-01-05T10:00:01Z") };
  return normaliseLogBlock({
    stamp,
    stream: "s1",
    lines: LineBlock.of(lines.map((line) => Buffer.from(line))),
    unterminated,
    redaction,
  });
}

describe("normaliseLogBlock", () => {
  test("joins lines as they came", () => {
    expect(block([`${T}a\r`, T, `${T}b\0`]).record).toEqual({
      type: "log",
      seq: 5,
      at: "2026-01-05T10:00:01.000Z",
      stream: "s1",
      count: 3,
      encoding: "utf8",
      text: `${T}a\r\n${T}\n${T}b\0`,
    });
  });

  test("keeps the lines of stack traces apart and in their order, whatever they belong to", () => {
    const lines = ["java.lang.Error: a", "panic: b", "\tat com.example.A", "goroutine 1 [running]:", "", "\tat com.example.B"];
    const { record } = block(lines.map((line) => T + line));
    expect(record.text.split("\n")).toEqual(lines.map((line) => T + line));
    expect(record.count).toBe(lines.length);
  });

  test("keeps bytes that are no UTF-8", () => {
    const line = Buffer.concat([Buffer.from(T), Buffer.from([0xff, 0xfe, 0xc3, 0xa9])]);
    const { record } = block([line, "x"]);
    expect(record.encoding).toBe("latin1");
    expect(Buffer.from(record.text, "latin1").equals(Buffer.concat([line, Buffer.from("\nx")]))).toBe(true);
  });

  test("says that the last line has no end, and how much was redacted", () => {
    expect(block([`${T}Authorization: Bearer abcdef`], initialLogRedaction, true).record).toMatchObject({
      unterminated: true,
      redactions: 1,
      text: `${T}Authorization: Bearer [REDACTED:authorization:6]`,
    });
  });
});

describe("a private key in a log", () => {
  test("is redacted over lines, the lines stay", () => {
    const { text, redactions, state } = redactLogText([...PEM, "after"].map((line) => T + line).join("\n"), initialLogRedaction);
    expect(text.split("\n")).toEqual([
      `${T}-----BEGIN PRIVATE KEY-----`,
      `${T}[REDACTED:pem:52]`,
      `${T}[REDACTED:pem:12]`,
      `${T}[REDACTED:pem:8]`,
      `${T}-----END PRIVATE KEY-----`,
      `${T}after`,
    ]);
    expect(redactions).toBe(3);
    expect(state).toBe(initialLogRedaction);
  });

  test("is redacted when it is spread over blocks, wherever they are cut", () => {
    const lines = ["before", ...PEM, "after"].map((line) => T + line);
    for (let cut = 0; cut <= lines.length; cut++) {
      const first = cut === 0 ? undefined : block(lines.slice(0, cut));
      const second = cut === lines.length ? undefined : block(lines.slice(cut), first?.state);
      const all = [first, second].flatMap((each) => (each === undefined ? [] : each.record.text.split("\n")));
      expect(all).toHaveLength(lines.length);
      expect(all.join("\n")).not.toMatch(/canary|MIIE|dGFpbA/);
      expect(all.at(-1)).toBe(`${T}after`);
    }
  });

  test.each([
    ["a private key", ["before", ...PEM, "after"], /canary|MIIE|dGFpbA/],
    ["a JSON web token", ["before", "token eyJhbGciOiJIUzI1NiJ9.canaryc4n4ry.canaryc4n4ry here", "after"], /c4n4ry/],
  ])("%s is redacted when the stream is cut in two at any byte", (_what, messages, secret) => {
    const bytes = Buffer.from(messages.map((message) => `${T}${message}\n`).join(""));
    const read = (chunks: readonly Buffer[]): string => {
      const splitter = new LineSplitter();
      const told: string[] = [];
      let state = initialLogRedaction;
      for (const chunk of chunks) {
        const lines = [...splitter.push(chunk)];
        if (lines.length === 0) continue;
        const { record, state: next } = block(lines, state);
        state = next;
        told.push(record.text);
      }
      return told.join("\n");
    };
    const whole = read([bytes]);
    expect(whole).not.toMatch(secret);
    for (let cut = 1; cut < bytes.length; cut++)
      expect(read([bytes.subarray(0, cut), bytes.subarray(cut)]), `cut at ${cut}`).toBe(whole);
  });

  test("leaves lines of another kind between its own", () => {
    const { text } = redactLogText(
      [PEM[0], "a warning on stderr, meanwhile", PEM[2], PEM[4]].map((line) => T + line).join("\n"),
      initialLogRedaction,
    );
    expect(text).toContain("a warning on stderr, meanwhile");
    expect(text).not.toContain("canary");
  });

  test("is redacted behind the prefix of a logger, and in one line with escapes", () => {
    const prefixed = PEM.map((line) => `${T}INFO  key: ${line}`).join("\n");
    expect(redactLogText(prefixed, initialLogRedaction).text).not.toMatch(/MIIEvQIB/);
    const escaped = `${T}{"key":"${PEM.join("\\n")}"}`;
    expect(redactLogText(escaped, initialLogRedaction)).toMatchObject({ redactions: 1, state: initialLogRedaction });
    expect(redactLogText(escaped, initialLogRedaction).text).not.toMatch(/canary/);
  });

  test("with headers is redacted too, and with its end in the middle of a line", () => {
    const text = [
      `${T}-----BEGIN RSA PRIVATE KEY-----`,
      `${T}DEK-Info: AES-128-CBC,CANARY`,
      `${T}Y2FuYXJ5-----END RSA PRIVATE KEY----- done`,
    ].join("\n");
    const redacted = redactLogText(text, initialLogRedaction);
    expect(redacted.text).not.toMatch(/CANARY|Y2FuYXJ5/);
    expect(redacted.text.endsWith("-----END RSA PRIVATE KEY----- done")).toBe(true);
  });

  test("whose end never comes does not take the rest of the log with it", () => {
    let state = redactLogText(`${T}${PEM[0]}`, initialLogRedaction).state;
    for (let line = 0; line < 600; line++) state = redactLogText(`${T}word`, state).state;
    expect(redactLogText(`${T}word`, state).text).toBe(`${T}word`);
  });
});

test("ordinary lines come back as they are, as the same text", () => {
  const text = `${T}GET /healthz 200\n${T}done`;
  expect(redactLogText(text, initialLogRedaction)).toEqual({ text, redactions: 0, state: initialLogRedaction });
});
