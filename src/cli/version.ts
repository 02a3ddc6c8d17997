/** The version of Faro. A constant, because a self-contained executable has no `package.json` beside it; a test compares the two. */
export const FARO_VERSION = "1.0.0";
