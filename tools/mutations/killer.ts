/**
 * Runs the tests of a copy of the project into which one bug was put. The working tree is never touched: sources and tests
 * are copied to a temporary folder, packages are linked.
 */
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { applied, type Mutation } from "./mutation.ts";

const COPIED = ["src", "test", "tools", "docs", "schema", "package.json", "tsconfig.json", "vitest.config.ts"];
/** Far above what any of the runs takes; a bug that makes a test hang for ever must not hang this. */
const RUN_MS = 120_000;

/** How the tests took the bug. */
export type Verdict =
  /** The name of the first test that failed. */
  | { readonly verdict: "killed"; readonly by: string }
  | { readonly verdict: "survived" }
  /** No test ran: the patch makes no program. */
  | { readonly verdict: "broken"; readonly why: string };

/** @throws Error when the patch does not apply exactly once. */
export async function tryMutation(mutation: Mutation, root: string): Promise<Verdict> {
  const { file, text } = applied(mutation, root);
  const folder = mkdtempSync(join(tmpdir(), "faro-mutation-"));
  try {
    for (const name of COPIED) cpSync(join(root, name), join(folder, name), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    writeFileSync(join(folder, file), text);
    return await testsOf(folder, mutation.tests);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function testsOf(folder: string, tests: readonly string[]): Promise<Verdict> {
  const report = join(folder, "report.json");
  const vitest = join(folder, "node_modules/vitest/vitest.mjs");
  const args = [vitest, "run", "--bail=1", "--testTimeout=30000", "--reporter=json", `--outputFile=${report}`, ...tests];
  const output = await runToEnd(args, folder);
  if (!existsSync(report)) return { verdict: "broken", why: output };
  const facts: unknown = JSON.parse(readFileSync(report, "utf8"));
  const failed = failedTests(facts)[0];
  if (failed !== undefined) return { verdict: "killed", by: failed };
  return success(facts) ? { verdict: "survived" } : { verdict: "broken", why: output };
}

/** What the process printed last, when it has ended or its time is over. */
function runToEnd(args: readonly string[], cwd: string): Promise<string> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("VITEST") && name !== "TEST"));
  const child = spawn(process.execPath, [...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const keep = (chunk: Buffer): void => {
    output = `${output}${chunk.toString()}`.slice(-2_000);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const timer = setTimeout(() => child.kill("SIGKILL"), RUN_MS);
  return new Promise((resolve) => {
    child.on("close", () => {
      clearTimeout(timer);
      resolve(output);
    });
  });
}

interface Report {
  readonly success: boolean;
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

function failedTests(facts: unknown): readonly string[] {
  const { testResults } = facts as Report;
  return testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === "failed").map(({ fullName }) => fullName),
  );
}

function success(facts: unknown): boolean {
  return (facts as Report).success;
}
