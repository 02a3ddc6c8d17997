import { describe, expect, test } from "vitest";
import { Lag, type Leap } from "./lag.ts";

const MUCH = 1 << 20;
const T0 = Date.UTC(2026, 0, 1) / 1_000;

/** A reader of one instance: lines by the second of their time and of their arrival. */
class Reader {
  readonly lag = new Lag();
  readonly found: Leap[] = [];
  readonly #skew: number;
  #newest: number | undefined;
  #bytes = 0;

  /** `skew`: by how many seconds the node's clock is behind Faro's. */
  constructor(skew: number = 0) {
    this.#skew = skew;
  }

  open(second: number, says: { readonly date: boolean } = { date: true }): this {
    this.lag.open((T0 + second + this.#skew) * 1_000, says.date ? T0 + second : undefined);
    return this;
  }

  /** Lines written at `seconds` arrive together at `arrival`. */
  line(arrival: number, seconds: readonly number[], bytes: number = MUCH): this {
    const leaps: Leap[] = [];
    for (const second of seconds) {
      const at = T0 + second;
      if (this.#newest !== undefined && at - this.#newest > 1) leaps.push({ fromSecond: this.#newest, toSecond: at });
      this.#newest = at;
    }
    this.#bytes += bytes;
    const newest = this.#newest ?? 0;
    this.found.push(...this.lag.take({ newest, leaps, bytes: this.#bytes }, (T0 + arrival + this.#skew) * 1_000));
    return this;
  }

  get leaps(): readonly string[] {
    return this.found.map(({ fromSecond, toSecond }) => `${fromSecond - T0}-${toSecond - T0}`);
  }
}

describe("a leap in time is where a file may have been left out", () => {
  test.each([0, 3_600, -3_600])("when the lines before it came behind what follows was written; clocks %i s apart", (skew) => {
    const reader = new Reader(skew).open(0).line(1, [1]).line(10, [10]).line(40, [12]).line(40.1, [13, 36]);
    expect(reader.leaps).toEqual(["13-36"]);
  });

  test("when both come with the first bytes after a stall", () => {
    expect(new Reader().open(0).line(10, [10]).line(45, [11, 40]).leaps).toEqual(["11-40"]);
  });

  test("when the reader never was up to date, and the server says its time", () => {
    const reader = new Reader().open(1_000).line(1_000, [10]).line(1_010, [300]).line(1_060, [1_005]).line(1_060.1, [1_030]);
    expect(reader.leaps).toEqual(["1000-1005", "1005-1030"]);
  });
});

describe("no leap is one", () => {
  test.each([0, 3_600, -3_600])("of a container that is read as it writes; clocks %i s apart", (skew) => {
    const reader = new Reader(skew).open(0).line(1, [1]).line(61, [61]).line(3_600, [3_600]).line(3_604, [3_604]);
    expect(reader.leaps).toEqual([]);
    expect(reader.lag.isBehind).toBe(false);
  });

  test.each([true, false])("in what was written before the connection was opened; the server says its time: %s", (date) => {
    const reader = new Reader().open(5_000, { date }).line(5_000.2, [10, 70, 400, 2_000]).line(5_001, [2_500, 4_990]);
    expect(reader.leaps).toEqual([]);
  });

  test("in a long log that takes a minute to read, when the server says its time", () => {
    const reader = new Reader().open(5_000);
    for (let at = 0; at < 60; at++) reader.line(5_000 + at, [at * 80, at * 80 + 10]);
    expect(reader.leaps).toEqual([]);
  });

  test("of a container that has written little: nothing of it was rotated", () => {
    expect(new Reader().open(0).line(10, [10], 100).line(60, [11, 40], 100).leaps).toEqual([]);
  });

  test("behind a step of the node's clock", () => {
    const reader = new Reader().open(0).line(1, [1]).line(10, [10]).line(20, [-3_580]).line(50, [-3_550]);
    expect(reader.leaps).toEqual([]);
    expect(reader.lag.isBehind).toBe(false);
  });
});

describe("what came last was behind", () => {
  test("over connections, until all is read", () => {
    const reader = new Reader().open(0).line(1, [1]).line(30, [20]).open(31);
    expect(reader.lag.isBehind).toBe(true);
    reader.lag.caughtUp();
    expect(reader.lag.isBehind).toBe(false);
  });

  test("although nothing ever came in time, by the server's time", () => {
    const reader = new Reader().open(100).line(106, [101]);
    expect(reader.lag.isBehind).toBe(true);
    reader.lag.atEnd();
    expect(reader.line(106, [101]).lag.isBehind).toBe(false);
  });

  test("not when it was quiet since", () => {
    const reader = new Reader().open(0).line(1, [1]).open(3_000);
    expect(reader.lag.isBehind).toBe(false);
  });
});
