/** What a container that crashed wrote last: the last line that sounds like a reason, else the last one. */
import type { LifecycleEvent, LogEvent } from "../document.ts";
import { quote } from "./quote.ts";
import { eventId, type SeenLine, type Writer } from "./seen.ts";

/** A line as it is told. */
export interface Words {
  readonly place: number;
  readonly id: string;
  readonly timestamp: string;
  readonly what: string;
}

/** The last lines of one container instance. */
interface Instance {
  readonly by: Writer;
  last: () => Words;
  reason: (() => Words) | undefined;
}

/** Words of a line that says why a program ends. A stack trace ends with lines that do not. */
const REASON = /error|exception|fatal|panic|fail|cannot|denied|refused|killed|invalid/i;

/** Of a longer line only what is told is held. */
const HELD_MAX = 4_096;

/** Follows the lines of all containers until one crashes, then only that one's: what it wrote may come behind its end. */
export class LastWords {
  readonly #instances = new Map<string, Instance>();
  #crash: LifecycleEvent | undefined;

  accept({ by, message, event }: SeenLine, place: number): void {
    if (this.#crash !== undefined && !isOf(this.#crash, by)) return;
    if (message.trim() === "") return;
    const now = message.length > HELD_MAX ? wordsOf(event(), place) : undefined;
    const last = (): Words => now ?? wordsOf(event(), place);
    const key = `${by.uid}/${by.container}/${by.container_id}`;
    const instance = this.#instances.get(key) ?? { by, last, reason: undefined };
    this.#instances.set(key, instance);
    instance.last = last;
    if (REASON.test(message)) instance.reason = last;
  }

  /** Forgets what other containers wrote, and listens to them no more. */
  listenOnlyTo(crash: LifecycleEvent): void {
    this.#crash = crash;
    for (const [key, { by }] of this.#instances) if (!isOf(crash, by)) this.#instances.delete(key);
  }

  last(): Words | undefined {
    const instances = [...this.#instances.values()];
    return newest(instances.flatMap(({ reason }) => reason?.() ?? [])) ?? newest(instances.map(({ last }) => last()));
  }
}

function newest(words: readonly Words[]): Words | undefined {
  return words.toSorted((a, b) => b.place - a.place)[0];
}

function isOf({ uid, data }: LifecycleEvent, by: Writer): boolean {
  const { container, container_id: id = "" } = data;
  return by.uid === uid && by.container === container && (id === "" || by.container_id === id);
}

function wordsOf(event: LogEvent, place: number): Words {
  const { timestamp, source_component: source, data } = event;
  return { place, id: eventId(event), timestamp, what: `${source} wrote ${quote(data.message)}` };
}
