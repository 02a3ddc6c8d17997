/** Who appears in stories: every object by its uid, with its attribution, and the tail of its chain of rows. */
import type {
  AttributionRecord,
  CorrelationId,
  IsoTime,
  ObjectRecord,
  OwnerRef,
  RelationRecord,
  ScopeId,
} from "../record/index.ts";
import { byNumber, compareResourceVersions, LongList, Numbering, rowsOfSets } from "../base/index.ts";
import { NO_ROW } from "./columns.ts";
import type { Drawn } from "./drawn.ts";
import type { PodTimes } from "./chronology/pod-times.ts";
import type { PodLife } from "./replacements.ts";
import type { RunningTime } from "./timeline.ts";

export interface Subject extends RunningTime {
  readonly uid: string;
  /** Set by the first version; a subject that is only attributed has no entry in `objects`. */
  known:
    | {
        readonly resourceType: string;
        readonly kind: string;
        readonly namespace: string;
        readonly name: string;
        readonly firstSeen: IsoTime;
        readonly firstSeq: number;
        readonly firstChange: ObjectRecord["change"];
      }
    | undefined;
  lastSeen: IsoTime;
  firstRow: number;
  lastRow: number;
  resourceVersion: string;
  isDeleted: boolean;
  stories: readonly CorrelationId[];
  relation: string;
  /** The stories that the object was drawn into without belonging to their root, and when; undefined for none. */
  drawn: Map<CorrelationId, Drawn[]> | undefined;
  /** Of a pod that a controller made. */
  pod: PodLife | undefined;
  times: PodTimes | undefined;
  /** Those that its first version names. */
  owners: readonly Subject[];
  /** Of a Kubernetes Event: what it is about, a Node by its name and all else by uid, and whose clock its time is of. */
  about:
    | {
        readonly subject: Subject | undefined;
        readonly node: string | undefined;
        readonly reporter: "kubelet" | "control-plane" | undefined;
      }
    | undefined;
  /** A watch that was up to date showed its creation. */
  isPrompt: boolean;
  /** The scope that carried the last version. */
  carrier: ScopeId | undefined;
}

const NO_SUBJECTS: readonly Subject[] = [];
const NO_STORIES: readonly CorrelationId[] = [];

/** Subjects are numbers here, as an owner can be one that was forgotten. */
export interface SubjectsState {
  readonly byUid: Iterable<number>;
  /** In several rows those of a large story. */
  readonly members: Iterable<readonly [story: CorrelationId, members: readonly number[]]>;
  readonly texts: Iterable<string>;
  readonly subjects: Iterable<SubjectState>;
}

type SubjectState = Omit<Subject, "owners" | "about"> & {
  readonly owners: readonly number[];
  readonly about: (Omit<NonNullable<Subject["about"]>, "subject"> & { readonly subject: number | undefined }) | undefined;
};

export class Subjects {
  readonly #byUid = new Map<string, Subject>();
  readonly #members = new Map<CorrelationId, Set<Subject>>();
  /** One copy of each text that thousands of objects share, and of each list of texts. */
  readonly #texts = new Map<string, string>();
  readonly #lists = new Map<string, readonly string[]>();
  /** The list that all have in common of which the object is the only owner. */
  readonly #onlyOwner = new WeakMap<Subject, readonly Subject[]>();
  /** What is remembered of each pod that a controller counts. */
  readonly #lives = new WeakMap<Subject, PodLife>();

  ensure(uid: string): Subject {
    const known = this.#byUid.get(uid);
    if (known !== undefined) return known;
    const subject: Subject = {
      uid,
      known: undefined,
      lastSeen: "",
      firstRow: NO_ROW,
      lastRow: NO_ROW,
      resourceVersion: "",
      isDeleted: false,
      stories: NO_STORIES,
      relation: "",
      drawn: undefined,
      pod: undefined,
      times: undefined,
      owners: NO_SUBJECTS,
      about: undefined,
      isPrompt: false,
      carrier: undefined,
      latest: Number.NEGATIVE_INFINITY,
    };
    this.#byUid.set(uid, subject);
    return subject;
  }

  /** To be gone over in the order of its members, before anything changes: parts of it are its own. */
  state(): SubjectsState {
    const numbering = new Numbering<Subject>();
    const numberOf = (subject: Subject): number => numbering.of(subject);
    return {
      byUid: LongList.of(this.#byUid.values(), numberOf),
      members: new LongList(rowsOfSets(this.#members, numberOf)),
      texts: new LongList(this.#texts.keys()),
      // The list grows while it is walked over: whoever is referred to gets a number.
      subjects: LongList.of(numbering.all, (each) => subjectState(each, numberOf)),
    };
  }

  /** Goes on from `state`, which becomes its own. */
  restore({ subjects, byUid, members, texts }: SubjectsState): void {
    const states = [...subjects];
    const all = states.map(subjectOf);
    const named = byNumber(all, "subject");
    for (const [number, { owners, about }] of states.entries()) {
      const subject = named(number);
      if (owners.length > 0) subject.owners = owners.map(named);
      if (about !== undefined)
        subject.about = { ...about, subject: about.subject === undefined ? undefined : named(about.subject) };
    }
    for (const number of byUid) this.#byUid.set(named(number).uid, named(number));
    for (const [story, numbers] of members) for (const number of numbers) this.#join(story, named(number));
    for (const text of texts) this.#texts.set(text, text);
  }

  find(uid: string): Subject | undefined {
    return this.#byUid.get(uid);
  }

  /** Drops an object that belongs to no story. */
  forget(uid: string): void {
    const subject = this.#byUid.get(uid);
    if (subject === undefined || subject.stories.length > 0 || subject.drawn !== undefined) return;
    this.#byUid.delete(uid);
  }

  /** Takes a sighting. True when it shows a version that was not seen before. */
  sight(subject: Subject, record: ObjectRecord): boolean {
    subject.known ??= {
      resourceType: this.shared(`${record.apiVersion}/${record.kind}`),
      kind: this.shared(record.kind),
      namespace: this.shared(record.namespace ?? ""),
      name: record.name,
      firstSeen: record.at,
      firstSeq: record.seq,
      firstChange: record.change,
    };
    subject.lastSeen = record.at;
    const isDeleted = record.change === "DELETED";
    const isRepeated = subject.resourceVersion === record.resourceVersion && subject.isDeleted === isDeleted;
    // Two scopes may show one object for a while: the slower one tells what is known already.
    const isOfSlowerScope =
      subject.carrier !== record.scope &&
      !isDeleted &&
      subject.resourceVersion !== "" &&
      (compareResourceVersions(record.resourceVersion, subject.resourceVersion) ?? 0) < 0;
    if (isOfSlowerScope) return false;
    subject.carrier = this.shared(record.scope);
    subject.resourceVersion = record.resourceVersion;
    subject.isDeleted = isDeleted;
    return !isRepeated;
  }

  attribute(record: AttributionRecord): void {
    const subject = this.ensure(record.uid);
    for (const story of subject.stories) if (subject.drawn?.has(story) !== true) this.#members.get(story)?.delete(subject);
    subject.stories = this.sharedList(record.stories);
    subject.relation = this.shared(record.relation);
    for (const story of subject.stories) this.#join(story, subject);
  }

  /** Takes a relation that begins or ends. */
  relate(record: RelationRecord): void {
    const subject = this.ensure(record.uid);
    subject.drawn ??= new Map();
    const story = this.shared(record.story);
    const intervals = subject.drawn.get(story) ?? [];
    if (record.state === "began") {
      const { seq, at } = record;
      intervals.push({ relation: this.shared(record.relation), fromSeq: seq, from: at, untilSeq: undefined, until: undefined });
      subject.drawn.set(story, intervals);
      this.#join(story, subject);
      return;
    }
    const open = intervals.findLast(({ relation, until }) => relation === record.relation && until === undefined);
    if (open === undefined) return;
    open.untilSeq = record.seq;
    open.until = record.at;
  }

  /** All that belongs to a story, its root first and the others as they appeared. */
  members(story: CorrelationId, rootUid: string): readonly Subject[] {
    const root = this.ensure(rootUid);
    const others = [...(this.#members.get(story) ?? [])].filter((subject) => subject !== root);
    return [root, ...others.sort((a, b) => (a.known?.firstSeq ?? 0) - (b.known?.firstSeq ?? 0) || (a.uid < b.uid ? -1 : 1))];
  }

  /** The subjects that these references name. */
  owners(references: readonly OwnerRef[]): readonly Subject[] {
    const owners = references.map(({ uid }) => this.ensure(uid));
    const [only] = owners;
    if (only === undefined || owners.length > 1) return owners;
    const shared = this.#onlyOwner.get(only) ?? owners;
    this.#onlyOwner.set(only, shared);
    return shared;
  }

  /** Of a pod of this controller, which counts it. */
  lifeUnder({ uid, kind }: OwnerRef): PodLife {
    const controller = this.ensure(uid);
    const life = this.#lives.get(controller) ?? {
      controller: controller.uid,
      controllerKind: kind,
      goneAt: Number.POSITIVE_INFINITY,
    };
    this.#lives.set(controller, life);
    return life;
  }

  #join(story: CorrelationId, subject: Subject): void {
    const members = this.#members.get(story) ?? new Set();
    this.#members.set(story, members.add(subject));
  }

  /** The one copy of a text that thousands of objects have in common. */
  shared(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    this.#texts.set(text, text);
    return text;
  }

  /** The same for a list of such texts. */
  sharedList(texts: readonly string[]): readonly string[] {
    const key = `${texts.length} ${texts.join("\n")}`;
    const known = this.#lists.get(key);
    if (known !== undefined) return known;
    const list = texts.map((text) => this.shared(text));
    this.#lists.set(key, list);
    return list;
  }
}

/** Member by member: without rests and spreads it takes a tenth of the time, in which nothing is recorded. */
function subjectState(subject: Subject, numberOf: (subject: Subject) => number): SubjectState {
  const { about } = subject;
  const object = about?.subject === undefined ? undefined : numberOf(about.subject);
  return {
    uid: subject.uid,
    known: subject.known,
    lastSeen: subject.lastSeen,
    firstRow: subject.firstRow,
    lastRow: subject.lastRow,
    resourceVersion: subject.resourceVersion,
    isDeleted: subject.isDeleted,
    stories: subject.stories,
    relation: subject.relation,
    carrier: subject.carrier,
    drawn: subject.drawn,
    pod: subject.pod,
    times: subject.times,
    owners: subject.owners.length === 0 ? NO_NUMBERS : subject.owners.map(numberOf),
    about: about === undefined ? undefined : { subject: object, node: about.node, reporter: about.reporter },
    isPrompt: subject.isPrompt,
    latest: subject.latest,
  };
}

function subjectOf(state: SubjectState): Subject {
  return {
    uid: state.uid,
    known: state.known,
    lastSeen: state.lastSeen,
    firstRow: state.firstRow,
    lastRow: state.lastRow,
    resourceVersion: state.resourceVersion,
    isDeleted: state.isDeleted,
    stories: state.stories,
    relation: state.relation,
    carrier: state.carrier,
    drawn: state.drawn,
    pod: state.pod,
    times: state.times,
    owners: NO_SUBJECTS,
    about: undefined,
    isPrompt: state.isPrompt,
    latest: state.latest,
  };
}

const NO_NUMBERS: readonly number[] = [];
