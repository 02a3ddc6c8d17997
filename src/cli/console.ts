/** Standard error as a recording uses it: log lines, notices, and at most one live line below them. */
import { createLog, type Log } from "../telemetry/index.ts";
import type { OptionValues } from "../config/index.ts";
import type { CliDependencies, LiveRegion } from "./dependencies.ts";
import { hasColor, isLive } from "./terminal.ts";

export class Console {
  readonly log: Log;
  /** Whether a live line is wanted here. */
  readonly isLive: boolean;
  readonly #isTerminal: boolean;
  readonly #write: (text: string) => void;
  #region: LiveRegion | undefined;
  #liveText = "";

  constructor(dependencies: CliDependencies, options: Pick<OptionValues, "color" | "logLevel">) {
    const { stderr, env, clock } = dependencies;
    this.isLive = isLive(stderr, env);
    this.#isTerminal = stderr.isTTY;
    this.#write = (text) => stderr.write(text);
    this.log = createLog({
      level: options.logLevel,
      clock,
      write: (line) => this.notice(line),
      form: stderr.isTTY ? "readable" : "json",
      color: hasColor(stderr, options.color, env),
    });
  }

  /** Writes whole lines above the live line. */
  notice(lines: string): void {
    if (lines === "") return;
    this.#region?.clear();
    this.#write(lines);
    if (this.#liveText !== "") this.#region?.show(this.#liveText);
  }

  /** Words for somebody who sits there: a program that reads the log finds them in a log line of its own. */
  toPerson(lines: string): void {
    if (this.#isTerminal) this.notice(lines);
  }

  /** Replaces the live line. */
  live(region: LiveRegion, text: string): void {
    this.#region = region;
    this.#liveText = text;
    region.show(text);
  }

  endLive(): void {
    this.#region?.clear();
    this.#region = undefined;
    this.#liveText = "";
  }
}
