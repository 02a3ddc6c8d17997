/** Words of the cluster within a sentence: one line, cut where it gets long. */
const QUOTE_MAX = 90;

export function quote(text: string): string {
  // Far more than is told, so that a line of megabytes is not searched for spaces.
  const line = text
    .slice(0, QUOTE_MAX * 10)
    .trim()
    .replaceAll(/\s+/g, " ");
  return `"${line.length <= QUOTE_MAX ? line : `${line.slice(0, QUOTE_MAX - 1)}…`}"`;
}
