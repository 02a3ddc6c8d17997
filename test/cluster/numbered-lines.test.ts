import { describe, expect, it } from "vitest";
import { ReadLines, WrittenLines } from "./numbered-lines.ts";

const T0 = Date.UTC(2026, 0, 1);
const text = (number: number, ms: number): string => `${number} ${new Date(T0 + ms).toISOString()} xxx`;

/** Two lives of one name, each with lines 1 to 5, ten milliseconds apart. */
function written(): WrittenLines {
  const lines = new WrittenLines();
  for (const life of [0, 1]) {
    const name = { namespace: "n", pod: "p", podUid: `uid-${life}`, container: "app", restartCount: 0 };
    for (let number = 1; number <= 5; number++) lines.wrote(name, text(number, life * 1_000 + number * 10));
  }
  return lines;
}

function readAllBut(lines: WrittenLines, left: (number: number, life: number) => boolean): ReadLines {
  const read = new ReadLines(lines);
  for (const life of [0, 1]) {
    for (let number = 1; number <= 5; number++) {
      if (!left(number, life)) read.read("p", "app", text(number, life * 1_000 + number * 10));
    }
  }
  return read;
}

const NONE = (): boolean => false;
const NEVER = (): undefined => undefined;

describe("the judge of numbered lines", () => {
  it("finds nothing wrong when every line was read once", () => {
    expect(readAllBut(written(), NONE).judge(NEVER)).toEqual({
      written: 10,
      lost: [],
      lostLines: 0,
      excused: new Map(),
      repeated: 0,
      invented: [],
    });
  });

  it("tells lost lines as runs, each with its life", () => {
    const judged = readAllBut(written(), (number, life) => life === 1 && number !== 2).judge(NEVER);
    expect(judged).toMatchObject({ lostLines: 4, excused: new Map(), repeated: 0 });
    expect(judged.lost).toHaveLength(2);
    expect(judged.lost[1]).toBe("p/app uid-1 life 0: 3 (2026-01-01T00:00:01.030Z) to 5 (2026-01-01T00:00:01.050Z)");
  });

  it("counts what is excused apart, by what excuses it", () => {
    const judged = readAllBut(written(), (number) => number > 3).judge(({ written: at, number }) =>
      at > T0 + 500 ? `gap ${number}` : undefined,
    );
    expect(judged.lostLines).toBe(2);
    expect(judged.excused).toEqual(
      new Map([
        ["gap 4", 1],
        ["gap 5", 1],
      ]),
    );
  });

  it("sees what was read twice, and what nobody wrote", () => {
    const read = readAllBut(written(), NONE);
    read.read("p", "app", text(3, 30));
    read.read("p", "app", text(3, 31));
    read.read("q", "app", text(1, 10));
    expect(read.judge(NEVER)).toMatchObject({
      repeated: 1,
      invented: [expect.stringMatching(/^p\/app 3/), expect.stringMatching(/^q/)],
    });
  });
});
