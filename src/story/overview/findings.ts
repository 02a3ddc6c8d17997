/**
 * The lines of a story that matter: when it began, what was rolled out, what broke and with which words, how it ended. Folded
 * event by event; of what it finds it keeps so many as can be told.
 */
import type { Happening, LifecycleEvent } from "../document.ts";
import { LastWords } from "./last-words.ts";
import { quote } from "./quote.ts";
import { RootChanges } from "./root-changes.ts";
import { eventId, type SeenEvent, type SeenKubeEvent, type SeenObject } from "./seen.ts";

/** Something worth a line. The higher `weight` is, the sooner it is kept. */
export interface Finding {
  readonly weight: number;
  readonly what: string;
}

/** A finding, with its event's place in the story. */
interface Placed extends Finding {
  readonly place: number;
  readonly id: string;
  readonly timestamp: string;
}

/** With the verdict ten lines. */
const FINDINGS_MAX = 9;

export class Findings {
  readonly #root = new RootChanges();
  readonly #words = new LastWords();
  /** Of each weight the first ones, and more can not be told. */
  readonly #kept = new Map<number, Placed[]>();
  readonly #warned = new Set<string>();
  #first: Placed | undefined;
  #last: { readonly seen: SeenEvent; readonly place: number } | undefined;
  #crash: { readonly event: LifecycleEvent; readonly place: number; count: number } | undefined;
  #place = 0;

  accept(seen: SeenEvent): void {
    const place = this.#place++;
    this.#first ??= placed(seen, place, { weight: 5, what: `the story begins: ${describe(seen)}` });
    this.#last = { seen, place };
    if (seen.event_type === "CONTAINER_LOG") this.#words.accept(seen, place);
    else if (seen.event_type === "POD_LIFECYCLE") this.#noteCrash(seen, place);
    else if (seen.event_type === "K8S_EVENT") this.#noteWarning(seen, place);
    else if (seen.event_type === "RESOURCE_UPDATE")
      for (const finding of this.#root.accept(seen)) this.#keep(seen, place, finding);
  }

  /** What matters most, in the order of the story. */
  whatMattered(): readonly Happening[] {
    const weighty = [...this.#kept].toSorted(([a], [b]) => b - a).flatMap(([, findings]) => findings);
    return distinct([...this.#crashes(), ...weighty, ...this.#edges()])
      .toSorted((a, b) => b.weight - a.weight)
      .slice(0, FINDINGS_MAX)
      .toSorted((a, b) => a.place - b.place)
      .map(({ id, timestamp, what }) => ({ id, timestamp, what }));
  }

  #keep(event: SeenObject | SeenKubeEvent, place: number, finding: Finding): void {
    const alike = this.#kept.get(finding.weight) ?? [];
    this.#kept.set(finding.weight, alike);
    if (alike.length < FINDINGS_MAX) alike.push(placed(event, place, finding));
  }

  #edges(): readonly Placed[] {
    if (this.#first === undefined || this.#last === undefined) return [];
    const { seen, place } = this.#last;
    return [this.#first, placed(seen, place, { weight: 4, what: `the story ends: ${describe(seen)}` })];
  }

  #noteCrash(event: LifecycleEvent, place: number): void {
    if (!isCrash(event)) return;
    if (this.#crash !== undefined) this.#crash.count++;
    else {
      this.#crash = { event, place, count: 1 };
      this.#words.listenOnlyTo(event);
    }
  }

  /** The first crash, with what its container wrote last. */
  #crashes(): readonly Placed[] {
    if (this.#crash === undefined) return [];
    const { event, place, count } = this.#crash;
    const { container = "", exit_code: exitCode, reason, signal } = event.data;
    const how = [
      exitCode === undefined ? "" : ` with code ${exitCode}`,
      signal === undefined ? "" : ` by signal ${signal}`,
      reason === undefined ? "" : ` (${reason})`,
    ].join("");
    const more = count > 1 ? `; the first of ${count} such ends` : "";
    const what = `container ${container} of ${event.name} ends${how}${more}`;
    const words = this.#words.last();
    return [placed(event, place, { weight: 10, what }), ...(words === undefined ? [] : [{ weight: 10, ...words }])];
  }

  /** The first Event of each warning's reason. */
  #noteWarning(event: SeenKubeEvent, place: number): void {
    const { reason } = event;
    if (reason === "" || this.#warned.has(reason)) return;
    const message = event.warning();
    if (message === undefined) return;
    this.#warned.add(reason);
    const what = `${event.source_component} warns ${reason}: ${quote(message)}`;
    this.#keep(event, place, { weight: reason === "BackOff" ? 8 : 5, what });
  }
}

/** The same event may be found for several reasons: the weightiest is told. */
function distinct(findings: readonly Placed[]): readonly Placed[] {
  const byPlace = new Map<number, Placed>();
  for (const finding of findings) {
    const known = byPlace.get(finding.place);
    if (known === undefined || known.weight < finding.weight) byPlace.set(finding.place, finding);
  }
  return [...byPlace.values()];
}

function placed(seen: SeenEvent, place: number, finding: Finding): Placed {
  const event = seen.event_type === "CONTAINER_LOG" ? seen.event() : seen;
  return { place, id: eventId(event), timestamp: event.timestamp, ...finding };
}

function isCrash({ action, data }: LifecycleEvent): boolean {
  return action === "evicted" || (action === "container-terminated" && (data.exit_code ?? 0) !== 0);
}

function describe(seen: SeenEvent): string {
  switch (seen.event_type) {
    case "RESOURCE_UPDATE":
    case "CORRELATED_EVENT":
      return `${seen.action} of ${seen.resource}/${seen.name}`;
    case "K8S_EVENT":
      return `${seen.source_component} reports ${seen.reason}`;
    case "POD_LIFECYCLE":
      return `${seen.name} ${seen.action}`;
    case "CONTAINER_LOG":
      return `${seen.event().source_component} writes ${quote(seen.message)}`;
    case "RECORDING_GAP":
      return `a gap in the recording ${seen.action}`;
  }
}
