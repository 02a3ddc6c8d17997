import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Aligner } from "./align.ts";
import { LineBlock } from "./line-block.ts";
import { type RecordedBlock, RecordedTail } from "./recorded-tail.ts";

const BEGIN = Date.UTC(2026, 0, 1) / 1_000;

function lineAt(second: number, text: string): string {
  return `${new Date((BEGIN + second) * 1_000).toISOString().slice(0, 19)}.000000001Z ${text}`;
}

/** Lines of a container that goes on, rests, and whose node's clock is set now and then. */
const aLog = fc
  .array(fc.record({ step: fc.constantFrom(0, 0, 0, 1, 1, 5, -1, -3_600), text: fc.constantFrom("a", "b", "c") }), {
    maxLength: 60,
  })
  .map((steps) => {
    let second = 4_000;
    return steps.map(({ step, text }) => lineAt((second += step), text));
  });

function inBlocks(lines: readonly string[], sizes: readonly number[]): RecordedBlock[] {
  const blocks: RecordedBlock[] = [];
  for (let at = 0, block = 0; at < lines.length; block++) {
    const part = lines.slice(at, at + (sizes[block % sizes.length] ?? 1));
    blocks.push({ text: part.join("\n"), encoding: "utf8", count: part.length });
    at += part.length;
  }
  return blocks;
}

async function restored(blocks: readonly RecordedBlock[], cut: number): Promise<Aligner> {
  const early = new RecordedTail();
  for (const [position, block] of blocks.slice(0, cut).entries()) early.take(block, position);
  const tail = new RecordedTail(early.state());
  for (const [position, block] of blocks.entries()) if (position >= cut) tail.take(block, position);
  return await tail.aligner((position) => Promise.resolve(blocks[position]));
}

/** The lines of a file as they are asked for. */
function goOn(aligner: Aligner, file: readonly string[]): unknown {
  const { sinceSecond, isSearch } = aligner.reconnect();
  const asked = file.filter((line) => sinceSecond === undefined || Date.parse(line.slice(0, 30)) / 1_000 >= sinceSecond);
  const pushed = aligner.push(LineBlock.of(asked.map((line) => Buffer.from(line))));
  return [sinceSecond, isSearch, pushed, aligner.finish(), aligner.lines, aligner.bytes, aligner.first];
}

test("a log is gone on with after a restart as by the run that read it", async () => {
  await fc.assert(
    fc.asyncProperty(
      aLog,
      fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 5 }),
      fc.nat({ max: 60 }),
      fc.nat({ max: 60 }),
      async (lines, sizes, cut, from) => {
        const blocks = inBlocks(lines, sizes);
        const live = new Aligner();
        live.push(LineBlock.of(lines.map((line) => Buffer.from(line))));
        // The file may have been rotated meanwhile, and has grown.
        const file = [...lines.slice(from), lineAt(9_000, "new")];
        expect(goOn(await restored(blocks, Math.min(cut, blocks.length)), file)).toEqual(goOn(live, file));
      },
    ),
    { numRuns: 1_000 },
  );
});

test("the places of a log are as many as its last seconds take", () => {
  const tail = new RecordedTail();
  for (let second = 0; second < 1_000; second++) tail.take({ text: lineAt(second, "x"), encoding: "utf8", count: 1 }, second);
  expect(tail.state().places.length).toBeLessThan(8);
  expect(tail.state().seams.marks.length).toBeLessThan(320);
});
