import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Aligned, Aligner } from "./align.ts";
import { LineBlock } from "./line-block.ts";

const SECOND = Date.UTC(2026, 0, 1, 12) / 1_000;

function line(second: number, text: string, fraction: string = "000000001"): Buffer {
  return Buffer.from(`${new Date((SECOND + second) * 1_000).toISOString().slice(0, 19)}.${fraction}Z ${text}`);
}

/** What the kubelet sends for `sinceTime`: the lines of the file at or after that second, in file order. */
function since(file: readonly Buffer[], second: number | undefined): Buffer[] {
  if (second === undefined) return [...file];
  return file.filter((text) => Date.parse(text.toString().slice(0, 30)) / 1_000 >= second);
}

const texts = (lines: Iterable<Buffer>): string[] => [...lines].map(String);

function read(aligner: Aligner, lines: readonly Buffer[]): string[] {
  const aligned = aligner.push(LineBlock.of(lines));
  return "lines" in aligned ? texts(aligned.lines) : [];
}

/** Reads a whole connection, again while the aligner asks for it, as the follower does. */
function connect(
  aligner: Aligner,
  file: readonly Buffer[],
): { readonly lines: string[]; readonly outcomes: Aligned["outcome"][] } {
  const outcomes: Aligned["outcome"][] = [];
  for (let tries = 0; tries < 3; tries++) {
    const { sinceSecond } = aligner.reconnect();
    const pushed = aligner.push(LineBlock.of(since(file, sinceSecond)));
    outcomes.push(pushed.outcome);
    if (pushed.outcome === "misaligned" || pushed.outcome === "again") continue;
    const rest = aligner.finish();
    if (rest.outcome === "hole") outcomes.push("hole");
    return { lines: [...texts(pushed.lines), ...("lines" in rest ? texts(rest.lines) : [])], outcomes };
  }
  return { lines: [], outcomes };
}

describe("continuing after a cut", () => {
  test("five thousand identical lines of one second, cut in the middle, are exactly five thousand", () => {
    const file = Array.from({ length: 5_000 }, () => line(0, "same"));
    const aligner = new Aligner();
    aligner.push(LineBlock.of(file.slice(0, 2_500)));
    expect(connect(aligner, file)).toEqual({ lines: texts(file.slice(2_500)), outcomes: ["deliver"] });
    expect(aligner.lines).toBe(5_000);
  });

  test("asks from two seconds before the newest, and takes what it repeats for repeated", () => {
    const file = [line(0, "a"), line(5, "b"), line(6, "c"), line(7, "d")];
    const aligner = new Aligner();
    aligner.push(LineBlock.of(file.slice(0, 3)));
    expect(aligner.reconnect()).toEqual({ sinceSecond: SECOND + 4, isSearch: false });
    expect(read(aligner, since(file, SECOND + 4))).toEqual(texts([line(7, "d")]));
  });

  test("timestamps that step back by 3 ms, line for line, are kept, live and across a cut at any place", () => {
    const file = Array.from({ length: 40 }, (_, at) =>
      line(
        Math.floor(at / 10),
        `${at % 2 === 0 ? "out" : "err"} ${at}`,
        String(500_000_000 + (at % 2 === 0 ? 0 : -3_000_000) + at),
      ),
    );
    for (let cut = 0; cut <= file.length; cut++) {
      const aligner = new Aligner();
      const before = read(aligner, file.slice(0, cut));
      expect([...before, ...connect(aligner, file).lines]).toEqual(texts(file));
    }
  });

  test("a line that is missing among the repeated ones loses none of the others, and is said", () => {
    const aligner = new Aligner();
    aligner.push(LineBlock.of([line(5, "a"), line(5, "b"), line(5, "c"), line(5, "d")]));
    aligner.reconnect();
    const aligned = aligner.push(
      LineBlock.of([line(5, "a"), line(5, "x"), line(5, "c"), line(5, "d"), line(5, "e"), line(6, "f")]),
    );
    expect(aligned.outcome).toBe("unaligned");
    expect(aligned.outcome === "unaligned" && texts(aligned.lines)).toEqual(texts([line(5, "x"), line(5, "e"), line(6, "f")]));
  });

  test("of equal lines behind a missing one only so many are repeated as were read", () => {
    const aligner = new Aligner();
    aligner.push(LineBlock.of([line(5, "a"), line(5, "b"), line(5, "same"), line(5, "same")]));
    aligner.reconnect();
    const again = [line(5, "a"), line(5, "same"), line(5, "same"), line(5, "same"), line(5, "same")];
    expect(read(aligner, again)).toHaveLength(2);
  });

  test("reading the whole file again gives only what was not read", () => {
    const file = Array.from({ length: 40 }, (_, at) => line(at / 4, `line ${at}`));
    const aligner = new Aligner();
    aligner.push(LineBlock.of(file.slice(0, 33)));
    aligner.reread();
    expect(read(aligner, file)).toEqual(texts(file.slice(33)));
  });

  test("property: any file, cut anywhere any number of times, is read once and in order", () => {
    const files = fc.array(fc.record({ step: fc.integer({ min: -1, max: 2 }), text: fc.constantFrom("a", "b", "same") }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(files, fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 4 }), (entries, cuts) => {
        const file = fileOf(entries);
        const aligner = new Aligner();
        const got: string[] = [];
        let visible = 0;
        for (const cut of [...cuts.sort((a, b) => a - b), file.length]) {
          visible = Math.max(visible, Math.min(cut, file.length));
          got.push(...connect(aligner, file.slice(0, visible)).lines);
        }
        expect(got).toEqual(texts(file));
      }),
      { numRuns: 500 },
    );
  });
});

/** The newest second falls back by one at most: two writers are stamped within one moment of each other. */
function fileOf(entries: readonly { readonly step: number; readonly text: string }[]): Buffer[] {
  let second = 10;
  let newest = 10;
  return entries.map(({ step, text }) => {
    second = Math.max(newest - 1, second + step);
    newest = Math.max(newest, second);
    return line(second, text);
  });
}

describe("rotation while nobody read", () => {
  test("is a hole with its bounds, and reading goes on", () => {
    const aligner = new Aligner();
    aligner.push(LineBlock.of([line(0, "a"), line(1, "b")]));
    aligner.reconnect();
    const aligned = aligner.push(LineBlock.of([line(30, "x"), line(31, "y")]));
    expect(aligned).toMatchObject({ outcome: "hole", fromSecond: SECOND + 1, toSecond: SECOND + 30 });
    expect(aligned.outcome === "hole" && texts(aligned.lines)).toEqual(texts([line(30, "x"), line(31, "y")]));
  });

  test("within the second of the last line is a hole too, even when only one line follows", () => {
    const aligner = new Aligner();
    aligner.push(LineBlock.of([line(1, "a"), line(1, "b")]));
    aligner.reconnect();
    expect(aligner.push(LineBlock.of([line(1, "x")]))).toEqual({ outcome: "deliver", lines: LineBlock.of([]) });
    expect(aligner.isUndecided).toBe(true);
    expect(aligner.finish()).toMatchObject({
      outcome: "hole",
      fromSecond: SECOND + 1,
      toSecond: SECOND + 1,
      lines: LineBlock.of([line(1, "x")]),
    });
  });

  test("between lines that were read is no hole: the new file begins with the last of them", () => {
    const file = ["a", "b", "c", "d", "e"].map((text) => line(1, text));
    const aligner = new Aligner();
    aligner.push(LineBlock.of(file.slice(0, 4)));
    expect(connect(aligner, file.slice(2))).toEqual({ lines: texts(file.slice(4)), outcomes: ["deliver"] });
  });

  test("within a run of equal lines repeats and loses none of them", () => {
    const file = [...Array.from({ length: 50 }, () => line(1, "same")), line(1, "end"), line(2, "next")];
    const aligner = new Aligner();
    aligner.push(LineBlock.of(file.slice(0, 50)));
    // Twenty of the equal lines are in the new file, read already; then what is new.
    const { lines, outcomes } = connect(aligner, file.slice(30));
    expect(lines).toEqual(texts([line(1, "end"), line(2, "next")]));
    expect(outcomes).not.toContain("hole");
  });

  test("a hole that is not accepted takes nothing, and the place is kept", () => {
    const aligner = new Aligner();
    aligner.push(LineBlock.of([line(0, "a"), line(1, "b")]));
    aligner.reconnect();
    expect(aligner.push(LineBlock.of([line(30, "x")]), { hole: false })).toEqual({ outcome: "misaligned" });
    aligner.reconnect();
    expect(read(aligner, [line(0, "a"), line(1, "b"), line(2, "c")])).toEqual(texts([line(2, "c")]));
  });

  test("property: what is read and what the holes cover is the whole file, in order, wherever it is cut and rotated", () => {
    const files = fc.array(fc.record({ step: fc.integer({ min: 0, max: 2 }), text: fc.constantFrom("a", "b", "same") }), {
      minLength: 1,
      maxLength: 60,
    });
    const events = fc.array(fc.record({ at: fc.integer({ min: 0, max: 60 }), from: fc.integer({ min: 0, max: 20 }) }), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(files, events, (entries, cuts) => {
        // Each line has its own nanosecond, so lost and repeated ones can be told apart.
        const file = fileOf(entries).map((text, at) =>
          Buffer.from(`${text.toString().slice(0, 20)}${String(at).padStart(9, "0")}Z l`),
        );
        const aligner = new Aligner();
        const got: string[] = [];
        let holes = 0;
        let [start, visible] = [0, 0];
        for (const { at, from } of [...cuts.sort((a, b) => a.at - b.at), { at: file.length, from: 0 }]) {
          visible = Math.max(visible, Math.min(at, file.length));
          // At the cut the file is rotated, so that it holds the last `from` lines; or it is not.
          if (from > 0) start = Math.max(start, visible - from);
          const { lines, outcomes } = connect(aligner, file.slice(start, visible));
          got.push(...lines);
          holes += outcomes.filter((outcome) => outcome === "hole").length;
        }
        const all = texts(file);
        const places = got.map((text) => all.indexOf(text));
        expect(places).toEqual([...places].sort((a, b) => a - b));
        expect(new Set(places).size).toBe(places.length);
        // A jump after the first line read is a hole that was said; the start of the file may be gone before anybody looked.
        const jumps = places.filter((place, at) => at > 0 && place !== (places[at - 1] ?? 0) + 1).length;
        expect(jumps).toBeLessThanOrEqual(holes);
        expect(places.at(-1)).toBe(file.length - 1);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("a long line whose beginning the kubelet leaves out as too old", () => {
  test("comes as a fragment before the expected lines, and is not taken for a new one", () => {
    // The first piece of the line is of second 1, the others are later; the cut asks from second 2 on.
    const long = Buffer.from(`${line(1, "").toString()}${"x".repeat(40_000)}`);
    const after = [line(3, "b"), line(4, "c")];
    const aligner = new Aligner();
    aligner.push(LineBlock.of([long, ...after]));
    expect(aligner.reconnect().sinceSecond).toBe(SECOND + 2);
    const tail = Buffer.from(`${line(2, "").toString()}${"x".repeat(7_000)}`);
    expect(read(aligner, [tail, ...after, line(5, "d")])).toEqual(texts([line(5, "d")]));
  });

  test("so does the second half of two lines that stdout and stderr wrote into one", () => {
    const glued = line(1, "half of stdoutall of stderr");
    const aligner = new Aligner();
    aligner.push(LineBlock.of([glued, line(3, "b"), line(4, "c")]));
    aligner.reconnect();
    expect(read(aligner, [line(2, "all of stderr"), line(3, "b"), line(4, "c"), line(4, "d")])).toEqual(texts([line(4, "d")]));
  });
});

describe("the node's clock", () => {
  test("set back by an hour loses and repeats nothing across a cut: the file is searched, not asked by time", () => {
    const file = [line(4_000, "a"), line(4_001, "b"), line(401, "c"), line(402, "d"), line(403, "e")];
    const aligner = new Aligner();
    aligner.push(LineBlock.of(file.slice(0, 4)));
    const resume = aligner.reconnect();
    expect(resume).toEqual({ sinceSecond: undefined, isSearch: true });
    expect(read(aligner, file)).toEqual(texts([line(403, "e")]));
  });

  test("set back, and the file rotated: a hole", () => {
    const aligner = new Aligner();
    aligner.push(LineBlock.of([line(4_000, "a"), line(401, "c")]));
    aligner.reconnect();
    aligner.push(LineBlock.of([line(500, "x"), line(501, "y")]));
    expect(aligner.finish()).toMatchObject({ outcome: "hole", lines: LineBlock.of([line(500, "x"), line(501, "y")]) });
  });

  test("of another zone, of old kubelets without trailing zeros, and lines without a time align all the same", () => {
    const file = [
      "2026-01-01T19:00:00+07:00 no fraction",
      "2026-01-01T19:00:00.5+07:00 one digit",
      "2026-01-01T12:00:01.123Z three, and another zone",
      "2026-01-01T12:00:01.123456Z six",
      "no time at all",
      "",
      "2026-01-01T07:00:02.123456789-05:00 nine",
      "2026-01-01T12:00:02Z",
    ].map((text) => Buffer.from(text));
    for (let cut = 0; cut <= file.length; cut++) {
      const aligner = new Aligner();
      const before = read(aligner, file.slice(0, cut));
      aligner.reconnect();
      expect([...before, ...read(aligner, file)]).toEqual(texts(file));
    }
  });
});

describe("a kubelet that begins the newest file again", () => {
  const file = Array.from({ length: 8 }, (_, second) => line(30 + second, `line ${second}`));

  test("at lines that are not remembered: the file is searched, and nothing is said twice", () => {
    const aligner = new Aligner();
    const follow = { hole: true, isFollow: true, mayRepeat: true };
    aligner.push(LineBlock.of([line(28, "before"), line(29, "before")]), follow);
    aligner.push(LineBlock.of(file), follow);
    expect(aligner.push(LineBlock.of(file), follow)).toEqual({ outcome: "repeats", lines: LineBlock.of([]) });
    expect(aligner.reconnect()).toEqual({ sinceSecond: undefined, isSearch: true });
    expect(read(aligner, [...file, line(38, "new")])).toEqual(texts([line(38, "new")]));
    expect(aligner.reconnect().isSearch).toBe(false);
  });

  test("is not thought of while the reader is in time: then the node's clock was set", () => {
    const aligner = new Aligner();
    aligner.push(LineBlock.of(file), { hole: true, isFollow: true });
    expect(aligner.push(LineBlock.of([line(31, "x")]), { hole: true, isFollow: true })).toMatchObject({ outcome: "deliver" });
  });
});

describe("lines of an earlier run", () => {
  test("that were redacted are known again by their time and place", () => {
    const file = [line(1, "a"), line(1, "token ghp_0123456789012345678901234567890123", "000000002"), line(1, "b"), line(2, "c")];
    const aligner = new Aligner();
    aligner.restore(line(1, "a"), false);
    aligner.restore(line(1, "token [REDACTED:github:40]", "000000002"), true);
    aligner.restore(line(1, "b"), false);
    expect(connect(aligner, file)).toEqual({ lines: texts([line(2, "c")]), outcomes: ["deliver"] });
  });
});

describe("a snapshot of the file beside a quiet stream", () => {
  test.each([
    ["is the same", ["a", "b", "c"], { common: 3, hasMore: false }],
    ["was rotated, and holds the last lines", ["c"], { common: 1, hasMore: false }],
    ["was rotated and is empty", [], { common: 0, hasMore: false }],
    ["has lines that the stream did not bring", ["a", "b", "c", "d"], { common: 3, hasMore: true }],
    ["has nothing but such lines", ["x"], { common: 0, hasMore: true }],
  ])("%s", (_what, snapshot, expected) => {
    const aligner = new Aligner();
    aligner.push(LineBlock.of(["a", "b", "c"].map((text) => line(1, text))));
    expect(aligner.compare(snapshot.map((text) => line(1, text)))).toEqual(expected);
  });

  test("of a rotated file is where the next connection begins, without a hole", () => {
    const aligner = new Aligner();
    aligner.push(LineBlock.of([line(1, "a"), line(1, "b")]));
    aligner.rebase(aligner.compare([]).common);
    aligner.reconnect();
    expect(aligner.push(LineBlock.of([line(90, "x")]))).toEqual({ outcome: "deliver", lines: LineBlock.of([line(90, "x")]) });
  });

  describe("that is empty", () => {
    const looked = (how?: { isPrevious: boolean }): Aligner => {
      const aligner = new Aligner();
      aligner.push(LineBlock.of([line(1, "a"), line(1, "b")]));
      aligner.rebase(0);
      aligner.reconnect(how);
      return aligner;
    };

    test("was another instance's when the lines come again, and they are not told twice", () => {
      const lines = [line(1, "a"), line(1, "b"), line(2, "c")];
      expect(looked({ isPrevious: true }).push(LineBlock.of(lines))).toEqual({
        outcome: "deliver",
        lines: LineBlock.of([line(2, "c")]),
      });
      expect(looked().push(LineBlock.of(lines))).toEqual({ outcome: "deliver", lines: LineBlock.of([line(2, "c")]) });
    });

    test("says nothing of the previous instance's file, which may have a hole", () => {
      expect(looked({ isPrevious: true }).push(LineBlock.of([line(90, "x")]))).toMatchObject({
        outcome: "hole",
        lines: LineBlock.of([line(90, "x")]),
      });
    });

    test("has no hole when it stays empty, or has lines of the same second", () => {
      expect(looked().finish({ hole: false, isWhole: true })).toEqual({ outcome: "deliver", lines: LineBlock.of([]) });
      const aligner = looked();
      aligner.push(LineBlock.of([line(1, "x")]));
      expect(aligner.finish()).toEqual({ outcome: "deliver", lines: LineBlock.of([line(1, "x")]) });
    });

    test("has no hole but until the next line", () => {
      const aligner = looked();
      aligner.push(LineBlock.of([line(90, "x")]));
      aligner.reconnect();
      expect(aligner.push(LineBlock.of([line(180, "y")]))).toMatchObject({
        outcome: "hole",
        lines: LineBlock.of([line(180, "y")]),
      });
    });
  });
});

test("property: lines in one block are taken as they are one by one", () => {
  const aStep = fc.record({
    step: fc.constantFrom(0, 0, 0, 1, 1, 3, -1, -4, -3_600),
    text: fc.constantFrom("a", "b", "a longer one".repeat(250)),
  });
  fc.assert(
    fc.property(
      fc.array(aStep, { minLength: 1, maxLength: 60 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      fc.record({ isFollow: fc.boolean(), mayRepeat: fc.boolean() }),
      (steps, sizes, how) => {
        let second = 4_000;
        const file = steps.map(({ step, text }) => line((second += step), text));
        const take = (pieces: readonly Buffer[][]): unknown => {
          const aligner = new Aligner();
          const got: string[] = [];
          let last: string = "deliver";
          for (const piece of pieces) {
            const aligned = aligner.push(LineBlock.of(piece), { hole: true, ...how });
            if ("lines" in aligned) got.push(...texts(aligned.lines));
            last = aligned.outcome;
            if (last !== "deliver") break;
          }
          const { lines, bytes, first, newest } = aligner;
          return {
            got,
            last,
            lines,
            bytes,
            first,
            newest,
            leaps: aligner.takeLeaps(),
            seams: aligner.seams.state(),
            resume: aligner.reconnect(),
          };
        };
        const pieces: Buffer[][] = [];
        for (let at = 0; at < file.length; at += pieces.at(-1)?.length ?? 1)
          pieces.push(file.slice(at, at + (sizes[pieces.length % sizes.length] ?? 1)));
        expect(take(pieces)).toEqual(take(file.map((each) => [each])));
      },
    ),
    { numRuns: 500 },
  );
});
