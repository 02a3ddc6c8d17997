/** Names that say that their value is a secret: environment variables, command line flags, annotations. */

const SECRET_NAME: RegExp = /pass|pwd|secret|token|api_?key|credential|private|dsn|conn/i;
/** A flag that names a place, not a value: `--tls-private-key-file=/etc/…`. */
const NAMES_A_PLACE: RegExp = /(?:file|path|dir|name|namespace)$/i;
const FLAG_NAME: RegExp = /pass|pwd|secret|token|api[_-]?key|credential|private|dsn/i;
const NAMES_OR_ESCAPE: RegExp = new RegExp(`\\\\|${SECRET_NAME.source}|${FLAG_NAME.source}`, "i");
const VALUE = `(?:"[^"]*"|'[^']*'|[^\\s"']+)`;
/** The lookahead keeps other flags from swallowing what follows them: `-e DB_PASSWORD=…`, `--verbose --token …`. */
const FLAG_WITH_VALUE: RegExp = new RegExp(
  `(?<![\\w-])(--?(?=[\\w.-]*(?:${FLAG_NAME.source}))[A-Za-z][\\w.-]*)(=|[ \\t]+(?!-))(${VALUE})`,
  "gi",
);
const VARIABLE_WITH_VALUE: RegExp = new RegExp(`(?<![\\w-])((?=\\w*(?:${SECRET_NAME.source}))[A-Za-z_]\\w*)(=)(${VALUE})`, "gi");

/** True for an environment variable whose literal value must not be recorded. */
export function isSecretVariable(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** True for a flag such as `--token` or `--db-password`, whose value follows it. */
export function isSecretFlag(word: string): boolean {
  return /^--?[A-Za-z][\w.-]*$/.test(word) && FLAG_NAME.test(word) && !NAMES_A_PLACE.test(word);
}

/**
 * The word of a command line with secret values replaced: `--password=…`, and inside a shell script also
 * `--token …` and `DB_PASSWORD=…`.
 */
export function redactWord(word: string, mark: (value: string) => string): string {
  if (!SECRET_NAME.test(word) && !FLAG_NAME.test(word)) return word;
  const redact = (whole: string, name: string, gap: string, value: string): string => {
    return NAMES_A_PLACE.test(name) || value.startsWith("[REDACTED:") ? whole : `${name}${gap}${mark(value)}`;
  };
  return word.replace(FLAG_WITH_VALUE, redact).replace(VARIABLE_WITH_VALUE, redact);
}

/**
 * False when no string in a piece of JSON text, a list or an object, names a secret: many times cheaper than to decode its strings
 * one by one. An escape may hide any name.
 */
export function mayNameSecret(text: string): boolean {
  return NAMES_OR_ESCAPE.test(text);
}

/**
 * Parts of annotation keys under which tools keep a copy of the whole object: kubectl, kopf, banzaicloud's
 * objectmatch, rancher's wrangler, kapp.
 */
export const COPY_KEYS: readonly string[] = [
  "last-applied",
  "last-handled-configuration",
  "objectset.rio.cattle.io/applied",
  "kapp.k14s.io/original",
];

const COPY_KEY: RegExp = new RegExp(COPY_KEYS.join("|"));
/** False when no annotation key of the JSON text names a copy of the object. */
export function mayHoldCopies(text: string): boolean {
  return COPY_KEY.test(text);
}
