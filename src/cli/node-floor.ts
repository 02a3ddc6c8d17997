/** Whether this Node can run Faro. Written so that a Node far too old can still load it and say so. */

/** Same as `engines` in `package.json`; a test compares the two. */
export const NODE_RANGE = "^20.19.0 || >=22.12.0";

/** One sentence when `version` (`20.18.1`) is too old, `undefined` when it will do. */
export function nodeComplaint(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isEnough = major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19);
  if (isEnough) return undefined;
  const error = `error: Faro needs Node 20.19 or later, or 22.12 or later, and this is Node ${version}`;
  return `${error}\nhint: install a current Node from https://nodejs.org\n`;
}
