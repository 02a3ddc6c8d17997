import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { ERROR_CODES, FaroError } from "../../src/base/index.ts";
import { exitCodeOfEnd, exitCodeOfError, type RunEnd } from "../../src/cli/exit-code.ts";
import { renderError } from "../../src/cli/render/error.ts";

/** Rows of the table: code and exit code. */
async function documented(): Promise<readonly (readonly [string, number])[]> {
  const page = await readFile(new URL("../../docs/errors.md", import.meta.url), "utf8");
  return [...page.matchAll(/^\| `(FARO_[A-Z_]+)` \| (\d+) \|/gm)].map(([, code = "", exit = ""]) => [code, Number(exit)]);
}

test("docs/errors.md lists every code there is, and no other, with the exit code it has", async () => {
  expect(await documented()).toEqual(ERROR_CODES.map((code) => [code, exitCodeOfError(new FaroError(code, "x"))]));
});

test("whatever is thrown that is no FaroError is exit 1", () => {
  expect([exitCodeOfError(new TypeError("x")), exitCodeOfError("x"), exitCodeOfError(undefined)]).toEqual([1, 1, 1]);
});

test.each([
  [{ how: "finished", outcome: "complete" }, 0],
  [{ how: "finished", outcome: "incomplete" }, 3],
  [{ how: "finished", outcome: "assertion-failed" }, 4],
  [{ how: "finished", outcome: "timed-out" }, 124],
  [{ how: "interrupted", outcome: "complete", signal: "SIGINT", wasExpected: true }, 0],
  [{ how: "interrupted", outcome: "incomplete", signal: "SIGTERM", wasExpected: true }, 3],
  [{ how: "interrupted", outcome: "complete", signal: "SIGINT", wasExpected: false }, 130],
  [{ how: "interrupted", outcome: "incomplete", signal: "SIGTERM", wasExpected: false }, 143],
  [{ how: "interrupted", outcome: "complete", signal: "SIGHUP", wasExpected: false }, 143],
  [{ how: "aborted", signal: "SIGINT" }, 130],
  [{ how: "aborted", signal: "SIGTERM" }, 143],
  [{ how: "aborted", signal: "SIGHUP" }, 143],
] satisfies (readonly [RunEnd, number])[])("%j exits with %d", (end, code) => {
  expect(exitCodeOfEnd(end)).toBe(code);
});

test("an error is its sentence and its hint; its cause and its details are for programs", () => {
  const error = new FaroError("FARO_KUBECONFIG", "no kubeconfig at x", {
    hint: "give one\n",
    cause: new Error("ENOENT"),
    details: { secret: "s" },
  });
  expect(renderError(error)).toBe("error: no kubeconfig at x\nhint: give one\n");
  expect(renderError(new FaroError("FARO_USAGE", "no"))).toBe("error: no\n");
  expect(renderError("thrown text")).toBe(
    "error: thrown text\nhint: this is a bug in Faro (FARO_INTERNAL); please report it with these lines\n",
  );
});
