/** O4: gaps have a cause that can be seen, and with what was covered they make up the whole time, without overlap. */
import { GAP_CAUSES, type GapCause } from "../../record/index.ts";
import { type Evidence, isFoundLater, ledgerOf, type LedgerGap, type LedgerScope, type Violation } from "../evidence.ts";
import { objectRecords } from "./recorded.ts";

/** Moments of records are whole milliseconds. */
const SLACK_MS = 1;

export function gapsHonest(evidence: Evidence): readonly Violation[] {
  return [
    ...pairs(evidence),
    ...backwards(evidence),
    ...[...ledgerOf(evidence).values()].flatMap((scope) => [
      ...boundsOf(scope, evidence),
      ...overlapsOf(scope),
      ...coverageIn(scope, evidence),
      ...uncovered(scope, evidence),
    ]),
    ...needless(evidence),
  ];
}

/** Whatever is done to the wall clock, arrivals are stamped in the order of their times. */
function backwards(evidence: Evidence): readonly Violation[] {
  const stamped = evidence.records.filter(({ seq }) => seq > 0).toSorted((a, b) => a.seq - b.seq);
  return stamped.flatMap((record, at) => {
    const before = stamped[at - 1];
    if (before === undefined || before.at <= record.at) return [];
    return [wrong(`seq ${record.seq} is of ${record.at}, and seq ${before.seq} before it of ${before.at}`)];
  });
}

/** Both ends share an id, the opening comes first, and every cause is one of those that the format names. */
function pairs(evidence: Evidence): readonly Violation[] {
  const open = new Map<string, string>();
  const closed = new Set<string>();
  return evidence.records.flatMap((record) => {
    if (record.type !== "gap") return [];
    const found: Violation[] = [];
    if (!isCause(record.cause)) found.push(wrong(`${record.gap} has no cause: ${String(record.cause)}`));
    if (record.state === "opened") {
      if (open.has(record.gap)) found.push(wrong(`${record.gap} is opened twice`));
      open.set(record.gap, record.scope);
    } else {
      if (open.get(record.gap) !== record.scope) found.push(wrong(`${record.gap} is closed but was never opened`));
      if (closed.has(record.gap)) found.push(wrong(`${record.gap} is closed twice`));
      closed.add(record.gap);
    }
    return found;
  });
}

function isCause(cause: string): cause is GapCause {
  return GAP_CAUSES.some((known) => known === cause);
}

function boundsOf(scope: LedgerScope, evidence: Evidence): readonly Violation[] {
  return scope.gaps.flatMap((gap) => {
    const { opened, closed } = gap;
    const { from, to } = toldBounds(gap);
    const found: Violation[] = [];
    if (to < from) found.push(wrong(`${opened.gap} of ${scope.scope} ends before it begins`));
    if (closed === undefined && evidence.quietAt !== undefined && !isEnd(opened.cause))
      found.push(wrong(`${opened.gap} of ${scope.scope} (${opened.cause}) is never closed`));
    return found;
  });
}

/** Told at the end of a run: nothing comes behind it. */
function isEnd(cause: GapCause): boolean {
  return cause === "stopped-early";
}

/** As the recording tells them, in milliseconds since 1970: its times never run backwards, so they need no other clock. */
function toldBounds({ opened, closed }: LedgerGap): { readonly from: number; readonly to: number } {
  const to = closed === undefined ? Number.POSITIVE_INFINITY : Date.parse(closed.to ?? closed.at);
  return { from: Date.parse(opened.from), to };
}

function overlapsOf(scope: LedgerScope): readonly Violation[] {
  const whole = scope.gaps.filter(({ opened }) => opened.uid === undefined && !isFoundLater(opened));
  return whole.flatMap((gap, at) => {
    const after = whole[at + 1];
    if (after === undefined || toldBounds(after).from >= toldBounds(gap).to - SLACK_MS) return [];
    return [wrong(`${gap.opened.gap} and ${after.opened.gap} of ${scope.scope} overlap`)];
  });
}

/** What a watch told arrived while the scope was covered. */
function coverageIn(scope: LedgerScope, evidence: Evidence): readonly Violation[] {
  const told = objectRecords(evidence).filter(({ scope: of, observedBy }) => of === scope.scope && observedBy === "watch");
  const gaps = scope.gaps.filter(({ opened }) => opened.uid === undefined && !isFoundLater(opened));
  return told.flatMap((record) => {
    const at = Date.parse(record.at);
    const inside = gaps.find((gap) => at > toldBounds(gap).from + SLACK_MS && at < toldBounds(gap).to - SLACK_MS);
    if (inside === undefined || isResumed(inside)) return [];
    return [wrong(`${inside.opened.gap} of ${scope.scope} lies over seq ${record.seq}, which the watch told`)];
  });
}

/**
 * After an interruption that turns out to have lost nothing, what the server sends again arrives before the gap is closed. And a
 * recorder that was killed knows for sure only what its last checkpoint says: its gap begins there, whatever is recorded behind it.
 */
function isResumed({ opened, closed }: LedgerGap): boolean {
  return closed?.repaired === "full" || opened.cause === "recorder-stopped";
}

/** From the first list on, the scope is covered or in a gap; so also between two lives of the recorder. */
function uncovered(scope: LedgerScope, evidence: Evidence): readonly Violation[] {
  return scope.spans.flatMap((span, at) => {
    const before = scope.spans[at - 1];
    if (before === undefined || before.syncedAt === undefined) return [];
    const life = evidence.lives.find(({ endedAt }) => endedAt >= (before.closedAt ?? before.openedAt));
    const end = before.closedAt ?? life?.endedAt ?? span.openedAt;
    if (span.openedAt - end <= SLACK_MS) return [];
    const gap = scope.gaps.find(({ from, to }) => from <= end + SLACK_MS && to >= span.openedAt - SLACK_MS);
    return gap === undefined
      ? [wrong(`${scope.scope} was not watched from ${end} to ${span.openedAt} ms, and no gap says so`)]
      : [];
  });
}

/** Without a fault there is nothing to miss. A kind that comes and goes is its own cause. */
function needless(evidence: Evidence): readonly Violation[] {
  if (evidence.faults.length > 0) return [];
  return [...ledgerOf(evidence).values()].flatMap((scope) =>
    scope.gaps
      .filter(({ opened }) => scope.storage !== "example.com/widgets" && opened.uid === undefined)
      .map(({ opened }) =>
        wrong(`${opened.gap} of ${scope.scope} (${opened.cause}: ${opened.detail ?? ""}) although nothing went wrong`),
      ),
  );
}

function wrong(what: string): Violation {
  return { oracle: "O4", what };
}
