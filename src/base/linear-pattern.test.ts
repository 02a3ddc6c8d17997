import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { linearPattern } from "./linear-pattern.ts";

describe("a linear pattern", () => {
  test.each([
    ["web", ["web", "my-web-1"], ["we", ""]],
    ["^web$", ["web"], ["web-1", "aweb"]],
    ["^(app|sidecar-.*)$", ["app", "sidecar-", "sidecar-proxy"], ["apps", "xsidecar-"]],
    ["a{2,3}b", ["aab", "aaab", "aaaab"], ["ab"]],
    ["^a{2}$", ["aa"], ["a", "aaa"]],
    ["^a{2,}$", ["aa", "aaaa"], ["a"]],
    ["[a-c]+\\d?", ["b", "xa1"], ["x1"]],
    ["^[^-]*$", ["web", ""], ["we-b"]],
    ["(?i)error", ["ERROR", "an Error"], ["err"]],
    ["\\.log$", ["x.log"], ["xlog"]],
    ["", ["", "anything"], []],
    ["é+", ["café", "éé"], ["cafe"]],
    ["a|b|", ["", "x"], []],
    ["{x}", ["{x}"], ["x"]],
  ])("%j", (source, matching, others) => {
    const pattern = linearPattern(source);
    expect([matching.filter((text) => !pattern.test(text)), others.filter((text) => pattern.test(text))]).toEqual([[], []]);
  });

  test.each(["(", "a)", "[a", "a**", "*a", "(?=a)", "(?<n>a)", "(a)\\1", "a{5000}", "\\", "[]", "[z-a]"])(
    "%j is refused",
    (source) => {
      expect(() => linearPattern(source)).toThrow(SyntaxError);
    },
  );

  test("takes time in proportion to the text where others take for ever", () => {
    expect(linearPattern("^(a+)+$").test(`${"a".repeat(5_000)}b`)).toBe(false);
    expect(linearPattern("(x+x+)+y").test("x".repeat(5_000))).toBe(false);
  });

  test("has more states than are remembered, and still finds what is there", () => {
    const pattern = linearPattern("(a|b)*a(a|b){12}c");
    let [seed, found] = [1, 0];
    for (let round = 0; round < 300; round++) {
      const letters = Array.from({ length: 60 }, () => "ab"[(seed = (seed * 48_271) % 2_147_483_647) % 2] ?? "");
      const text = `${letters.join("")}c`;
      expect(pattern.test(text)).toBe(letters[60 - 13] === "a");
      if (letters[60 - 13] === "a") found++;
    }
    expect(found).toBeGreaterThan(50);
  });

  test("property: agrees with JavaScript's own", () => {
    const atoms = fc.constantFrom("a", "b", ".", "[ab]", "[^a]", "(?:ab|c)", "(b|)", "^", "$");
    const parts = fc.tuple(atoms, fc.constantFrom("", "", "*", "+", "?", "{1,2}"));
    const sources = fc
      .array(parts, { maxLength: 5 })
      .map((all) => all.map(([atom, times]) => (/[$^]$/.test(atom) ? atom : atom + times)).join(""));
    const texts = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 8 });
    fc.assert(
      fc.property(sources, texts, (source, text) => {
        expect(linearPattern(source).test(text)).toBe(new RegExp(source, "u").test(text));
      }),
      { numRuns: 2_000 },
    );
  });
});
