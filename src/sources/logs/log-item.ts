/** What comes out of following one container's logs. */
import type { ContainerKind } from "./instances.ts";
import type { LineBlock } from "./line-block.ts";

/** One run of one container of one pod. */
export interface LogInstance {
  readonly podUid: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly containerKind: ContainerKind;
  readonly containerId: string;
  readonly restartCount: number;
}

export type LogItem =
  /** A stream has its first instance, or turned out to belong to another one. The last one said is right. */
  | { readonly item: "stream-bound"; readonly stream: string; readonly instance: LogInstance }
  /**
   * Whole lines in file order, without their newlines, with the API's timestamps. `continues`: the last one is the beginning
   * of a line too long for memory, and the next line goes on with it. `unterminated`: the last one ended without a newline.
   */
  | {
      readonly item: "lines";
      readonly stream: string;
      readonly lines: LineBlock;
      readonly unterminated: boolean;
      readonly continues: boolean;
    }
  | {
      readonly item: "stream-ended";
      readonly stream: string;
      readonly outcome: "complete" | "incomplete";
      readonly reason: string;
      readonly lines: number;
    }
  | {
      readonly item: "log-gap";
      readonly cause: "rotation" | "instance-lost" | "log-unavailable";
      readonly detail: string;
      /** Milliseconds since 1970, where they are known. */
      readonly from: number | undefined;
      /** Now, unless known; infinite when the container may write on and nobody can be asked for it any more. */
      readonly to: number | undefined;
    }
  /** Nobody reads the log, for want of a slot or because it cannot be had; what it lacks is read later, or an own gap says so. */
  | {
      readonly item: "log-behind";
      readonly state: "opened";
      readonly cause: "deferred" | "unreachable";
      readonly detail: string;
      /** Milliseconds since 1970: until then everything was read. */
      readonly from: number;
    }
  /** It is read again from where it was, or never will be. */
  | { readonly item: "log-behind"; readonly state: "closed"; readonly isRead: boolean }
  | { readonly item: "incident"; readonly what: string; readonly detail: string };
