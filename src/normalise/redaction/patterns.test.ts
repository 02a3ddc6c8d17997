import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isSuspicious, redactShapes, redactShapesPlainly } from "./patterns.ts";

const mark = (what: string, secret: string): string => `[REDACTED:${what}:${secret.length}]`;

/** Pieces that patterns begin with, go on with and end at, so that chance puts secrets, halves of secrets and near misses together. */
const PIECES: readonly string[] = [
  "://",
  "@",
  ":",
  "/",
  "\\",
  "\\u0041",
  '"',
  " ",
  "\n",
  "a1B2".repeat(6),
  "a".repeat(512),
  "x".repeat(256),
  "user",
  "p@ss",
  "eyJhbGciOiJI",
  ".eyJzdWIiOiIxMjM0",
  ".c2ln",
  "AKIA",
  "ASIA",
  "IOSFODNN7EXAMPLE",
  "AIza",
  "ya29.",
  "xox",
  "xapp-",
  "xoxb-",
  "ghp_",
  "github_pat_",
  "dckr_pat_",
  "k_live_",
  "s",
  "r",
  "npm_",
  "hvs.",
  "glpat-",
  "auths",
  '"auth":"',
  "dXNlcjpwYXNz",
  "-----BEGIN ",
  "RSA ",
  "PRIVATE KEY-----",
  "-----END ",
  "Authorization: ",
  "AUTHORIZATION=",
  "Bearer ",
  "bearer ",
  "Basic ",
  "secret_access_key = ",
  "SECRETACCESSKEY=",
  "a1B2c3D4e5".repeat(4),
  "containerd://",
  "https://",
  "\\n",
];

test("the shapes that are looked for are those that a search for every hint in every text finds", () => {
  let found = 0;
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 14 }), (parts) => {
      const text = parts.join("");
      const plainly = redactShapesPlainly(text, mark);
      if (plainly !== text) found++;
      expect(redactShapes(text, mark)).toBe(plainly);
      if (!isSuspicious(text)) expect(plainly).toBe(text);
    }),
    { numRuns: 5_000 },
  );
  expect(found).toBeGreaterThan(200);
});

test("credentials in an address are found at their greatest length, escapes included", () => {
  const text = `postgres://${"u".repeat(256)}:${"\\u0041".repeat(512)}@db`;
  expect(redactShapes(text, mark)).toBe(`postgres://${"u".repeat(256)}:[REDACTED:userinfo:3072]@db`);
});
