/**
 * What the records of a recording say about each other: every number once and none missing, nothing refers to what is not
 * there. Tells a record that was lost from one that a killed run never wrote: up to a checkpoint everything must be there.
 */
import type { Finding, Place } from "../archive/index.ts";
import type { FaroRecord } from "../record/index.ts";
import { unreachable } from "../base/index.ts";

export class RecordChecks {
  readonly #onFinding: (finding: Finding) => void;
  readonly #numbers: Numbers;
  readonly #streams = new Set<string>();
  readonly #gaps = new Map<string, Place>();
  readonly #objects = new Set<string>();
  readonly #stories = new Set<string>();
  readonly #scopes = new Set<string>();
  #isRunning = false;

  constructor(onFinding: (finding: Finding) => void) {
    this.#onFinding = onFinding;
    this.#numbers = new Numbers(onFinding);
  }

  /** Gaps that are still open. */
  get openGaps(): number {
    return this.#gaps.size;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  accept(record: FaroRecord, place: Place): void {
    if (record.seq > 0) this.#numbers.take(record, place);
    switch (record.type) {
      case "run":
        this.#acceptRun(record, place);
        return;
      case "object":
        this.#objects.add(record.uid);
        return;
      case "scope":
        this.#scopes.add(record.scope);
        return;
      case "log-stream":
        this.#streams.add(record.stream);
        return;
      case "log":
      case "log-end":
        this.#mustKnow(this.#streams, record.stream, {
          ...place,
          what: `a ${record.type} record of a stream that no log-stream names`,
        });
        return;
      case "gap":
        if (record.state === "opened") this.#gaps.set(record.gap, place);
        else this.#gaps.delete(record.gap);
        return;
      case "story":
        if (record.state === "opened") this.#stories.add(record.story);
        else this.#mustKnow(this.#stories, record.story, { ...place, what: `a story ${record.state} that was never opened` });
        return;
      case "lifecycle":
      case "attribution":
        this.#mustKnow(this.#objects, record.uid, {
          ...place,
          what: `a record of type ${record.type} about an object that is not here`,
        });
        return;
      case "checkpoint":
        this.#numbers.mustHave(record.upTo, { severity: "damage", why: "a checkpoint behind them vouches for them" });
        for (const { scope } of record.scopes)
          this.#mustKnow(this.#scopes, scope, { ...place, what: "a checkpoint of a scope that was never opened" });
        return;
      case "faro-recording":
      case "incident":
      case "relation":
      case "seal":
        return;
      default:
        unreachable(record);
    }
  }

  /** To be called behind the last record. */
  end(): void {
    this.#numbers.mustHave(Number.POSITIVE_INFINITY, {
      severity: "note",
      why: this.#isRunning
        ? "they were on their way when this was read, or when the run was killed"
        : "behind the end of the run",
    });
  }

  #acceptRun(record: Extract<FaroRecord, { type: "run" }>, place: Place): void {
    if (record.goesOn === true) return;
    if (record.state === "started" && this.#isRunning) {
      this.#numbers.mustHave(record.seq, { severity: "note", why: "the run before was killed before it wrote them" });
      this.#onFinding({ severity: "note", what: "the run before this one was killed", ...place });
    } else {
      this.#numbers.mustHave(record.seq, { severity: "damage", why: "the run before ended in order" });
    }
    this.#isRunning = record.state === "started";
  }

  #mustKnow(known: ReadonlySet<string>, name: string, otherwise: Place & { readonly what: string }): void {
    if (!known.has(name)) this.#onFinding({ severity: "damage", ...otherwise, what: `${otherwise.what} (${name})` });
  }
}

/** Which numbers were seen: all below one of them, and a few above, for lanes overtake each other. */
class Numbers {
  readonly #onFinding: (finding: Finding) => void;
  #next = 1;
  readonly #above = new Set<number>();

  constructor(onFinding: (finding: Finding) => void) {
    this.#onFinding = onFinding;
  }

  take(record: FaroRecord, place: Place): void {
    const last = record.type === "log" ? record.seq + record.count - 1 : record.seq;
    if (record.seq < this.#next || this.#above.has(record.seq))
      this.#onFinding({ severity: "damage", what: `number ${record.seq} was given twice`, ...place });
    for (let seq = Math.max(record.seq, this.#next); seq <= last; seq++) this.#above.add(seq);
    this.#close();
  }

  /** Tells which numbers up to `upTo` are missing, and takes them as seen. */
  mustHave(upTo: number, otherwise: { readonly severity: Finding["severity"]; readonly why: string }): void {
    while (this.#next <= upTo && (this.#above.size > 0 || Number.isFinite(upTo))) {
      const from = this.#next;
      while (this.#next <= upTo && !this.#above.has(this.#next)) this.#next++;
      const to = this.#next - 1;
      const range = from === to ? `number ${from} is` : `numbers ${from} to ${to} are`;
      this.#onFinding({ severity: otherwise.severity, what: `${range} missing: ${otherwise.why}`, seq: from });
      this.#close();
    }
  }

  #close(): void {
    while (this.#above.delete(this.#next)) this.#next++;
  }
}
