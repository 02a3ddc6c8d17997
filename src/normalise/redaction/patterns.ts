/**
 * Secrets that are known by their shape wherever they stand. Every pattern works on plain log text and on raw
 * JSON alike: it never begins or ends inside an escape, never crosses a line, and is linear in the text (each
 * starts with a literal and has bounded repetitions). None is anchored at a word's start, because in JSON the
 * letter before may be the end of an escape (`\nghp_…`).
 */

/** Puts a marker in place of one secret; `what` names its shape. */
export type Mark = (what: string, secret: string) => string;

interface Pattern {
  readonly what: string;
  /** One of these stands in every text that the pattern matches. */
  readonly hints: readonly string[];
  /** Global. With a group `secret` only that group is replaced, else the whole match. */
  readonly shape: RegExp;
}

/**
 * A part of every text that a pattern matches, but for those that begin with `://`. Short alternatives without classes behind
 * them, so still true for few texts; in groups for which V8 skips ahead (Boyer-Moore): on 10 KB half the time of one expression.
 */
const TELLING: readonly RegExp[] = [
  /eyJ|AKIA|ASIA|AIza|xox/,
  /gh[pousr]_/,
  /npm_|hvs\.|ya29\.|xapp-/,
  /glpat-|----BEGIN|_pat_|_live_/,
  /earer|EARER|uth(?:s|orization)|UTHORIZATION/,
  /ccess_?[Kk]|CCESS_?K/,
];
/** The same, and `://`, as one test: faster on a line of a log. */
const SUSPICIOUS: RegExp = new RegExp([...TELLING.map((group) => group.source), ":\\/\\/"].join("|"));
const LINE_LENGTH = 1_024;

const PEM_LABEL = /(?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----/.source;
const PEM_BODY = /(?<secret>(?:[^"\\\n-]|\\.|-(?!----))+)/.source;

const PATTERNS: readonly Pattern[] = [
  {
    what: "pem",
    hints: ["PRIVATE KEY"],
    shape: new RegExp(`-----BEGIN ${PEM_LABEL}${PEM_BODY}(?:-----END ${PEM_LABEL})?`, "g"),
  },
  { what: "jwt", hints: ["eyJ"], shape: /eyJ[\w-]{8,1024}\.[\w-]{8,65536}(?:\.[\w-]*){1,3}/g },
  { what: "aws-key", hints: ["AKIA", "ASIA"], shape: /(?<![A-Z0-9])A[KS]IA[A-Z0-9]{16}(?![A-Z0-9])/g },
  {
    what: "aws-secret",
    hints: ["ccess_k", "ccessk", "ccessK", "CCESS_K", "CCESSK", "ccess_K"],
    shape: /secret_?access_?key[\\"'\s:=]{1,8}(?<secret>[A-Za-z0-9/+]{40})/gi,
  },
  {
    what: "github",
    hints: ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
    shape: /gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_\w{22,255}/g,
  },
  { what: "slack", hints: ["xox", "xapp-"], shape: /(?:xox[abeprs]|xapp)-[A-Za-z0-9-]{10,255}/g },
  { what: "google", hints: ["AIza", "ya29."], shape: /AIza[\w-]{35}|ya29\.[\w-]{20,2048}/g },
  { what: "gitlab", hints: ["glpat-"], shape: /glpat-[\w-]{20,255}/g },
  { what: "stripe", hints: ["k_live_"], shape: /[sr]k_live_[A-Za-z0-9]{16,255}/g },
  { what: "npm", hints: ["npm_"], shape: /npm_[A-Za-z0-9]{36}/g },
  { what: "docker", hints: ["dckr_pat_"], shape: /dckr_pat_[\w-]{20,255}/g },
  { what: "vault", hints: ["hvs."], shape: /hvs\.[\w-]{20,512}/g },
  { what: "docker-auth", hints: ["auths"], shape: /\\{0,7}"auth\\{0,7}"[ \t]*:[ \t]*\\{0,7}"(?<secret>[A-Za-z0-9+/=]{4,8192})/g },
  {
    what: "authorization",
    hints: ["uthorization", "UTHORIZATION"],
    shape:
      /authorization\\{0,7}["']?[ \t]*[:=][ \t\\"'[]{0,24}(?:bearer|basic|token|digest)[ \t]+(?<secret>[^\s"'\\,;]{4,8192})/gi,
  },
  { what: "bearer", hints: ["earer", "EARER"], shape: /bearer[ \t]+(?<secret>[\w.~+/-]{20,8192}={0,2})/gi },
];

/** Credentials in the address of a server. */
const USERINFO: readonly Pattern[] = [
  { what: "userinfo", hints: ["://"], shape: /:\/\/[^\s"\\/@:]{0,256}:(?<secret>(?:[^\s"\\/]|\\u[0-9a-fA-F]{4}){1,512})@/g },
  { what: "userinfo", hints: ["://"], shape: /:\/\/(?<secret>[^\s"\\/@:]{20,512})@/g },
];
/** One of these, or `://`, stands in every text that any of the patterns matches. */
export const SHAPE_HINTS: readonly string[] = PATTERNS.flatMap(({ hints }) => hints);
/** What stands behind `://` wherever one of them matches, and more: 256 characters, a colon, 512 that may be six each. */
const BEHIND_SCHEME: RegExp = /[^\s"/]{1,4096}@/y;

/** False when no pattern can match. */
export function isSuspicious(text: string): boolean {
  return text.length <= LINE_LENGTH ? SUSPICIOUS.test(text) : isTelling(text) || text.includes("://");
}

/** False when no pattern can match in any part of the text, nor in a text that is made by putting values of JSON between its own. */
export function mayHoldShapes(text: string): boolean {
  return isTelling(text) || mayHoldUserinfo(text);
}

function isTelling(text: string): boolean {
  return TELLING.some((group) => group.test(text));
}

/** The text with every secret of a known shape replaced. The same text when there is none. */
export function redactShapes(text: string, mark: Mark): string {
  // Nearly every pod holds `containerd://…` and no other part. A search for each hint of each pattern made this step twice as
  // dear for a pod and three times for an Event (`bench/stages.mjs`).
  const told = isTelling(text) ? replaceAll(text, PATTERNS, mark) : text;
  return mayHoldUserinfo(told) ? replaceAll(told, USERINFO, mark) : told;
}

/** The same with a search for every hint in every text: what `redactShapes` is held to. */
export function redactShapesPlainly(text: string, mark: Mark): string {
  return replaceAll(text, [...PATTERNS, ...USERINFO], mark);
}

function replaceAll(text: string, patterns: readonly Pattern[], mark: Mark): string {
  let redacted = text;
  for (const { what, hints, shape } of patterns) {
    if (!hints.some((hint) => redacted.includes(hint))) continue;
    redacted = redacted.replace(shape, (...match: unknown[]) => replacement(match, what, mark));
  }
  return redacted;
}

/** Each test ends before the next slash, so all together pass over the text once. */
function mayHoldUserinfo(text: string): boolean {
  for (let at = text.indexOf("://"); at !== -1; at = text.indexOf("://", at + 3)) {
    BEHIND_SCHEME.lastIndex = at + 3;
    if (BEHIND_SCHEME.test(text)) return true;
  }
  return false;
}

function replacement(match: readonly unknown[], what: string, mark: Mark): string {
  const whole = String(match[0]);
  const groups = match.at(-1);
  const secret = typeof groups === "object" && groups !== null && "secret" in groups ? String(groups.secret) : whole;
  if (secret.includes("[REDACTED:")) return whole;
  const start = whole.lastIndexOf(secret);
  return whole.slice(0, start) + mark(what, secret) + whole.slice(start + secret.length);
}
