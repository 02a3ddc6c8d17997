/**
 * Whether a watch that has been silent for a while still stands, asked when the recorder stops. A connection that died without a word
 * looks like one on which nothing happens, and is found out after a minute and a half; but a second watch from the version that the
 * first has reached is told at once what that has not been.
 */
import { abortWith, type Clock, compareResourceVersions, LineSplitter, TOO_LATE, whileSo, within } from "../../base/index.ts";
import { type ApiClient, ApiFailure, describeFailure, isExpired } from "../../cluster/index.ts";
import { ListRestart } from "./list.ts";
import { openBriefly } from "./open-watch.ts";
import { Snapshot } from "./snapshot.ts";
import type { KnownVersions, WatchTarget } from "./watch-item.ts";
import { parseWatchLine, stepWatchLine } from "./watch-line.ts";

export type LastLook =
  /** It has told everything. */
  | { readonly look: "stands" }
  /** It has not, or nobody could be asked. */
  | { readonly look: "doubt"; readonly why: string };

/** A watch of `target` that has told what is `known`. */
export interface Silent {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly target: WatchTarget;
  readonly known: KnownVersions;
  readonly signal: AbortSignal;
}

/** The last version of each object that has changed; `undefined` for one that is gone. */
type Changes = ReadonlyMap<string, string | undefined>;

/** An answer that begins later is none. */
const OPEN_MS = 2_000;
/** What has happened comes with the answer; a server that is busy takes a moment. */
const SILENT_MS = 300;
/** Nobody waits longer for the changes of a server that makes them faster than they can be read. */
const READ_MS = 2_000;
const TIMEOUT_S = 5;
/** How long what one connection was told at once may take on another. */
const HEARS_MS = 1_000;
const STANDS: LastLook = { look: "stands" };

/** Compares with the server a watch that has reached version `from`. */
export async function lookLast(of: Silent, from: string): Promise<LastLook> {
  try {
    const found = await changesSince(of, from);
    if (found === "expired") return await compareWithList(of);
    return typeof found === "string" ? doubt(found) : await compareWithKnown(of, found);
  } catch (error) {
    if (error instanceof ListRestart) return doubt(error.message);
    if (error instanceof ApiFailure) return doubt(describeFailure(error.failure));
    throw error;
  }
}

function doubt(why: string): LastLook {
  return { look: "doubt", why };
}

/** What changed, or why that is not to be known. */
async function changesSince({ client, clock, target, signal }: Silent, from: string): Promise<Changes | string> {
  const stop = abortWith(signal);
  const opening = openBriefly({ client, target, signal: stop.signal }, from, TIMEOUT_S);
  try {
    const response = await within(clock, OPEN_MS, opening);
    return response === TOO_LATE ? `no answer within ${OPEN_MS / 1_000} s` : await readChanges(clock, response.body, from);
  } catch (error) {
    if (error instanceof ApiFailure && isExpired(error.failure)) return "expired";
    throw error;
  } finally {
    stop.abort(new Error("the last look is over"));
    opening.catch(() => undefined);
  }
}

async function readChanges(clock: Clock, body: AsyncIterable<Buffer>, from: string): Promise<Changes | string> {
  const chunks = body[Symbol.asyncIterator]();
  const lines = new LineSplitter();
  const changes = new Map<string, string | undefined>();
  for (const until = clock.monotonic() + READ_MS; clock.monotonic() < until;) {
    const pending = chunks.next();
    const next = await within(clock, SILENT_MS, pending);
    if (next === TOO_LATE) {
      pending.catch(() => undefined);
      return changes;
    }
    if (next.done === true) return changes.size > 0 ? changes : "the answer ended at once";
    for (const text of lines.push(next.value)) {
      if (text.length === 0) continue;
      const step = stepWatchLine({ resourceVersion: from }, parseWatchLine(text));
      if (step.step === "expired") return step.step;
      if (step.step === "retry" || step.step === "damaged") return step.detail;
      if (step.step !== "emit") continue;
      const { uid, resourceVersion } = step.object;
      changes.set(uid, step.change === "DELETED" ? undefined : resourceVersion);
    }
  }
  return changes;
}

async function compareWithKnown({ clock, known, signal }: Silent, changes: Changes): Promise<LastLook> {
  const isTold = ([uid, version]: readonly [string, string | undefined]): boolean => {
    const seen = known.get(uid)?.resourceVersion;
    if (version === undefined) return seen === undefined;
    return seen !== undefined && (compareResourceVersions(seen, version) ?? -1) >= 0;
  };
  const untold = (): number => [...changes].filter((change) => !isTold(change)).length;
  await whileSo(clock, HEARS_MS, () => untold() > 0, signal);
  const left = untold();
  return left === 0 ? STANDS : doubt(`${left} changed objects had not been told`);
}

/** Where the history is gone, a list shows what is otherwise than known; not what came and went. */
async function compareWithList(of: Silent): Promise<LastLook> {
  const snapshot = new Snapshot();
  if ((await within(of.clock, READ_MS, snapshot.take(of))) === TOO_LATE) return doubt("a list took too long");
  await of.clock.sleep(SILENT_MS, of.signal);
  const { length } = snapshot.differences(of.known);
  return length === 0 ? STANDS : doubt(`${length} objects differ from a list`);
}
