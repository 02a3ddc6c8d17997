/**
 * The pages about incidents show what the commands really print: each is run on the recording that comes with it, on a
 * terminal of 100 columns without colour. `FARO_UPDATE=1 npx vitest run examples` writes what they print now.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { rebuildStories, verifyRecording } from "../src/capture/index.ts";
import { faro } from "../test/cli/world.ts";

const INCIDENTS = readdirSync(join(import.meta.dirname, "recordings"));
/** A command, and what it prints. */
const SHOWN = /```sh\n(faro [^\n]+)\n```\n\n```text\n([\s\S]*?)```/g;

describe.each(INCIDENTS)("%s", (incident) => {
  const page = join(import.meta.dirname, `${incident}.md`);

  it("its page shows what the commands print", async () => {
    const text = readFileSync(page, "utf8");
    const shown = [...text.matchAll(SHOWN)].map(([, command = "", output = ""]) => ({ command, output }));
    expect(shown.length).toBeGreaterThanOrEqual(3);
    let current = text;
    for (const { command, output } of shown) {
      const now = await printed(command);
      current = current.replace(block(command, output), () => block(command, now));
    }
    if (process.env["FARO_UPDATE"] === "1") writeFileSync(page, current);
    else expect(current).toBe(text);
  });

  it("its recording is sound, small, and names nothing of the machine that made it", async () => {
    const directory = join(import.meta.dirname, "recordings", incident);
    expect((await verifyRecording(directory)).findings.filter(({ severity }) => severity === "damage")).toEqual([]);
    const segments = readdirSync(join(directory, "recording"));
    expect(segments).toEqual(["000001.ndjson.gz"]);
    expect(readFileSync(join(directory, "recording/000001.ndjson.gz")).length).toBeLessThan(200_000);
  });
});

function block(command: string, output: string): string {
  return `\`\`\`sh\n${command}\n\`\`\`\n\n\`\`\`text\n${output}\`\`\``;
}

/** Standard output of a command line that ends well. */
async function printed(command: string): Promise<string> {
  const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
  const ran = await faro(words.slice(1), {
    isTTY: true,
    cwd: join(import.meta.dirname, ".."),
    env: { NO_COLOR: "1" },
    rebuildStories: (output, into) => rebuildStories({ output, ...(into === undefined ? {} : { into }) }),
  });
  expect(ran.exitCode, ran.stderr()).toBe(0);
  return ran.stdout();
}
