/** One object of a story over time: which one is meant, its versions, and its state at a moment. */
import { FaroError } from "../base/index.ts";
import type { ObjectEvent, StoryEvent } from "../story/index.ts";
import { nameOf } from "./describe-event.ts";
import { isTitled, titleOf } from "./object-title.ts";
import type { StoryReader } from "./story-reader.ts";

/** Objects and Events as events of the story show them. */
const VERSIONS: ReadonlySet<string> = new Set(["RESOURCE_UPDATE", "CORRELATED_EVENT", "K8S_EVENT"]);

/** An object by its uid, and, when an event was named, the `seq` of its version there. */
export interface MeantObject {
  readonly uid: string;
  readonly title: string;
  readonly seq: number | undefined;
}

/**
 * Finds the object that `id` names: `e1042` (the object of that event), `kind/name`, a name, or the beginning of a uid.
 * @throws FaroError `FARO_USAGE` with what there is
 */
export async function findObject(story: StoryReader, id: string): Promise<MeantObject> {
  const seq = /^e(\d+)$/.exec(id)?.[1];
  if (seq !== undefined) return objectOfEvent(story, Number(seq));
  const wanted = id.toLowerCase();
  const matching = story.objects.filter(
    (object) => object.name === wanted || isTitled(object, wanted) || object.uid.startsWith(wanted),
  );
  const [only] = matching;
  if (only !== undefined && matching.length === 1) return { uid: only.uid, title: titleOf(only), seq: undefined };
  // Events are objects too, but who looks for an object looks for what they are about.
  const others = story.objects.filter(({ resource_type: type }) => !type.endsWith("/Event"));
  const names = (matching.length === 0 ? others : matching).map(titleOf);
  const what = matching.length === 0 ? "no object is" : `${matching.length} objects are`;
  const there = names.slice(0, NAMES_MAX).join(", ") + (names.length > NAMES_MAX ? ", …" : "");
  throw new FaroError("FARO_USAGE", `${what} named ${id}`, {
    hint: `name one by kind/name, by the beginning of its uid, or by an event (e1042); there are: ${there}`,
  });
}

const NAMES_MAX = 6;

/** Every version of an object, oldest first. */
export async function* versionsOf(story: StoryReader, uid: string): AsyncGenerator<ObjectEvent> {
  for await (const event of story.events({ types: VERSIONS })) {
    if (event.uid === uid && isVersion(event)) yield event;
  }
}

/** The version that was valid at a moment (milliseconds); `undefined` before the first. A deletion is the last version. */
export async function versionAt(story: StoryReader, uid: string, at: number): Promise<ObjectEvent | undefined> {
  let found: ObjectEvent | undefined;
  for await (const version of versionsOf(story, uid)) {
    if (Date.parse(version.timestamp) > at) break;
    found = version;
  }
  return found;
}

async function objectOfEvent(story: StoryReader, seq: number): Promise<MeantObject> {
  for await (const event of story.events()) {
    if (event.seq !== seq) continue;
    return { uid: event.uid, title: nameOf(event), seq: isVersion(event) ? seq : undefined };
  }
  throw new FaroError("FARO_USAGE", `the story has no event e${seq}`, {
    hint: "faro story timeline lists the events with their ids",
  });
}

function isVersion(event: StoryEvent): event is ObjectEvent {
  return VERSIONS.has(event.event_type);
}
