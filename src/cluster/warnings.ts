/** `Warning` headers, by which an API server tells about deprecated versions: `net/http ParseWarningHeaders`. */

const WARNING = /(?:^|,)\s*299\s+\S+\s+"((?:[^"\\]|\\.)*)"/g;

/** Hears every warning text once. Bounded, since a webhook may put a number into each. */
export class Warnings {
  readonly #seen = new Set<string>();
  readonly #tell: (text: string) => void;

  constructor(tell: (text: string) => void) {
    this.#tell = tell;
  }

  /** `header` is one `Warning` header or several, joined by commas. */
  hear(header: string | undefined): void {
    for (const [, quoted = ""] of header?.matchAll(WARNING) ?? []) {
      const text = quoted.replace(/\\(.)/g, "$1");
      if (this.#seen.has(text) || this.#seen.size >= 1_000) continue;
      this.#seen.add(text);
      this.#tell(text);
    }
  }
}
