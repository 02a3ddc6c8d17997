/** The program `faro` as a function: an executable of another kind, or a test, brings its own surroundings. */
export type { CliDependencies } from "./dependencies.ts";
export { main } from "./main.ts";
export { FARO_VERSION } from "./version.ts";
