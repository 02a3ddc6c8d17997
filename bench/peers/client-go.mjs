/** Builds the peer in Go when it is wanted: modules pinned in its own go.mod, the program kept in Go's own way by its build cache. */
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const SOURCE = join(dirname(fileURLToPath(import.meta.url)), "client-go");
const PROGRAM = join(SOURCE, "../../../build/bench/client-go");

/** The program's path; `undefined`, and a line that says why, where it cannot be built. */
export function clientGoProgram() {
  mkdirSync(dirname(PROGRAM), { recursive: true });
  const env = { ...process.env, GOFLAGS: "-mod=readonly", CGO_ENABLED: "0" };
  const built = spawnSync("go", ["build", "-trimpath", "-buildvcs=false", "-o", PROGRAM, "."], { cwd: SOURCE, env });
  if (built.status === 0) return PROGRAM;
  const why = built.error?.code === "ENOENT" ? "Go is not installed" : String(built.stderr).trim().split("\n").at(-1);
  console.error(`without client-go: ${why}`);
  return undefined;
}
