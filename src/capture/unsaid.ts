/**
 * What a correlator finds on reading a recording that the recording does not say: a crash came between a record and what follows
 * from it. A finding is crossed off as soon as its record comes, so memory holds only what has not been said.
 */
import type { CorrelationStep } from "../correlate/index.ts";
import type { AttributionRecord, FaroRecord, RelationRecord, StoryRecord } from "../record/index.ts";

type Unstamped<T> = Omit<T, "seq" | "at">;

export type Finding = Unstamped<AttributionRecord> | Unstamped<RelationRecord> | Unstamped<StoryRecord>;

export class Unsaid {
  readonly #stories = new Map<string, Unstamped<StoryRecord>>();
  readonly #attributions = new Map<string, Unstamped<AttributionRecord>>();
  /** By object, story and proof. */
  readonly #relations = new Map<string, Unstamped<RelationRecord>>();

  /** Takes what follows from a record. */
  find({ records }: CorrelationStep): void {
    for (const draft of records) {
      if (draft.type === "attribution") this.#attributions.set(draft.uid, draft);
      else if (draft.type === "relation") this.#relations.set(relationKey(draft), draft);
      else if (draft.type === "story" && draft.state === "opened") this.#stories.set(draft.story, draft);
    }
  }

  /** Takes the next record of the recording. */
  say(record: FaroRecord): void {
    if (record.type === "story") this.#stories.delete(record.story);
    else if (record.type === "attribution") {
      const found = this.#attributions.get(record.uid);
      if (found !== undefined && isSame(found, record)) this.#attributions.delete(record.uid);
    } else if (record.type === "relation") {
      const key = relationKey(record);
      if (this.#relations.get(key)?.state === record.state) this.#relations.delete(key);
    }
  }

  result(): readonly Finding[] {
    return [...this.#stories.values(), ...this.#attributions.values(), ...this.#relations.values()];
  }
}

function relationKey({ uid, story, relation }: Pick<RelationRecord, "uid" | "story" | "relation">): string {
  return `${uid} ${story} ${relation}`;
}

function isSame(a: Unstamped<AttributionRecord>, b: Unstamped<AttributionRecord>): boolean {
  return (
    a.relation === b.relation && a.stories.length === b.stories.length && a.stories.every((story, at) => story === b.stories[at])
  );
}
