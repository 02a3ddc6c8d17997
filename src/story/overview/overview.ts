/**
 * A story in one pass, reduced to what fits one screen: what mattered, how the pods went, who owns whom, how often what
 * happened. Memory grows with the objects of the story, not with its events.
 */
import { field, listField, textField } from "../../base/index.ts";
import type { StoryEvent, StoryOverview } from "../document.ts";
import { Findings } from "./findings.ts";
import { PodPhases } from "./pod-phases.ts";
import type { SeenEvent, SeenObject } from "./seen.ts";
import { isBad } from "./trouble.ts";

export class Overview {
  readonly #counts: Partial<Record<StoryEvent["event_type"], number>> = {};
  readonly #phases = new PodPhases();
  readonly #owners = new Map<string, string>();
  readonly #findings = new Findings();
  #troubles = 0;

  /** Takes the events in their order. */
  accept(seen: SeenEvent): void {
    const { event_type: type } = seen;
    this.#counts[type] = (this.#counts[type] ?? 0) + 1;
    if (isBad(seen)) this.#troubles++;
    this.#findings.accept(seen);
    this.#phases.accept(seen);
    if (seen.event_type === "RESOURCE_UPDATE" || seen.event_type === "CORRELATED_EVENT") this.#noteOwner(seen);
  }

  describe(): StoryOverview {
    return {
      events_by_type: this.#counts,
      troubles: this.#troubles,
      happened: this.#findings.whatMattered(),
      pods: this.#phases.pods(),
      owners: Object.fromEntries(this.#owners),
    };
  }

  #noteOwner({ uid, data }: SeenObject): void {
    const references = listField(field(data, "metadata"), "ownerReferences");
    const owner = textField(references.find((reference) => field(reference, "controller") === true) ?? references[0], "uid");
    if (owner !== undefined) this.#owners.set(uid, owner);
  }
}
