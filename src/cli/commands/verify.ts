/** `faro verify DIR`: whether a recording is as Faro wrote it, and where it is not. Needs no cluster and changes nothing. */
import type { Invocation } from "../command-line.ts";
import type { CliDependencies } from "../dependencies.ts";
import { EXIT_ERROR, EXIT_OK } from "../exit-code.ts";
import { renderVerification } from "../render/verification.ts";

/** @returns the exit code: 0 for a sound recording, 1 for a damaged one */
export async function verify(invocation: Invocation, dependencies: CliDependencies): Promise<number> {
  const [directory = ""] = invocation.words;
  const report = await dependencies.verifyRecording(directory);
  const text = invocation.json ? `${JSON.stringify(report, undefined, 2)}\n` : renderVerification(report, directory);
  dependencies.stdout.write(text);
  return report.verdict === "sound" ? EXIT_OK : EXIT_ERROR;
}
