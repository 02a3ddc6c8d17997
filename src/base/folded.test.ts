import { describe, expect, it } from "vitest";
import { mulberry32 } from "./random.ts";
import { Folds } from "./folded.ts";

const run = (id: string, at: number): unknown => ({
  receivedAt: at,
  phase: "Running",
  containers: { app: { state: "running", containerId: `containerd://${id.repeat(16)}`, restartCount: 2, lastId: undefined } },
  sights: [{ container: "app", current: { containerId: `containerd://${id.repeat(16)}`, ended: false } }, null],
});

describe("values that are folded", () => {
  it("are the same again", () => {
    const folds = new Folds();
    const value = run("0a1b", 1_767_225_600_000);
    expect(folds.unfold(folds.fold(value))).toStrictEqual(value);
  });

  it("share the form of those like them, and hold once what they say twice", () => {
    const folds = new Folds();
    const [one, other] = [folds.fold(run("0a1b", 1_767_225_600_000)), folds.fold(run("2c3d", 1_767_225_600_001))];
    expect(one.form).toBe(other.form);
    expect(one.own).toBe(`1767225600000,"containerd://\u0002\u0020${"\u000a\u001b".repeat(16)}"`);
  });

  it("are the same whatever they hold", () => {
    const random = mulberry32(7);
    const folds = new Folds();
    for (let round = 0; round < 2_000; round++) {
      const value = anything(random, 4);
      expect(folds.unfold(folds.fold(value))).toStrictEqual(value);
    }
  });
});

const LEAVES = [
  "",
  "a",
  "\u0000",
  "\u00000",
  "\u0001",
  "\u0001x",
  "é".repeat(30),
  "x".repeat(19),
  "x".repeat(20),
  "\ud800",
  "__proto__",
  "0123456789abcdef",
  `\u0002${"0".repeat(41)}`,
  `sha256:${"02".repeat(300)}x`,
  "fffefdfc0002220a0d2c5cffffff é \u{1f600} 0202020202020202020202",
];

function anything(random: () => number, depth: number): unknown {
  const chosen = Math.floor(random() * (depth === 0 ? 5 : 7));
  if (chosen === 0) return LEAVES[Math.floor(random() * LEAVES.length)];
  if (chosen === 1) return Math.floor(random() * 4_000) - 2_000;
  if (chosen === 2) return random() * 1e13;
  if (chosen === 3) return undefined;
  if (chosen === 4) return random() < 0.5 ? null : random() < 0.5;
  const items = Array.from({ length: Math.floor(random() * 4) }, () => anything(random, depth - 1));
  return chosen === 5 ? items : Object.fromEntries(items.map((item, at) => [`${at}${"k".repeat(at)}`, item]));
}
