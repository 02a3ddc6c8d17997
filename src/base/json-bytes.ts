/** The bytes that give JSON its structure, and the white space between them. */

export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;
export const OPEN_BRACKET = 0x5b;
export const CLOSE_BRACKET = 0x5d;
export const COMMA = 0x2c;
export const COLON = 0x3a;

/** Offset of the first byte at or after `at` that is not white space. */
export function skipSpace(text: Uint8Array, at: number): number {
  let here = at;
  for (;;) {
    const byte = text[here];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return here;
    here++;
  }
}
