import { expect, test } from "vitest";
import { hasColor, isLive } from "./terminal.ts";

const TERMINAL = { write: () => undefined, drained: async () => undefined, isTTY: true, columns: 80 };
const PIPE = { ...TERMINAL, isTTY: false };

test.each([
  [TERMINAL, "auto", {}, true],
  [PIPE, "auto", {}, false],
  [PIPE, "always", { NO_COLOR: "1" }, true],
  [TERMINAL, "never", { FORCE_COLOR: "1" }, false],
  [TERMINAL, "auto", { NO_COLOR: "1", FORCE_COLOR: "1" }, false],
  [TERMINAL, "auto", { NO_COLOR: "" }, true],
  [PIPE, "auto", { FORCE_COLOR: "1" }, true],
  [TERMINAL, "auto", { FORCE_COLOR: "0" }, false],
  [TERMINAL, "auto", { TERM: "dumb" }, false],
] as const)("%j with --color=%s and %j has colours: %j", (output, mode, env, expected) => {
  expect(hasColor(output, mode, env)).toBe(expected);
});

test.each([
  [TERMINAL, {}, true],
  [PIPE, {}, false],
  [TERMINAL, { CI: "true" }, false],
  [TERMINAL, { CI: "" }, true],
  [TERMINAL, { TERM: "dumb" }, false],
])("%j with %j has a live line: %j", (output, env, expected) => {
  expect(isLive(output, env)).toBe(expected);
});
