/** Takes what looks like a credential out of a foreign text before it goes into a message. */

const PATTERNS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]+-----[\s\S]*?(?:-----END [A-Z ]+-----|$)/g,
  /\b(?:bearer|basic)\s+\S+/gi,
  /\beyJ[\w-]+(?:\.[\w-]*){0,2}/g,
  /\b(?:token|password|passwd|secret|api[_-]?key|authorization)\b["']?\s*[:=]\s*["']?[^\s"',;]+/gi,
  /\/\/[^/\s:@]+:[^/\s@]+@/g,
  // Long words with capitals, small letters and digits; names of Kubernetes objects have no capitals.
  /(?=[\w+/=-]*[A-Z])(?=[\w+/=-]*[a-z])(?=[\w+/=-]*\d)[\w+/=-]{32,}/g,
];

/** The text with tokens, keys, passwords and URL credentials replaced by `[removed]`. */
export function withoutSecrets(text: string): string {
  return PATTERNS.reduce((rest, pattern) => rest.replace(pattern, "[removed]"), text);
}
