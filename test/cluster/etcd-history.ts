/**
 * The judge of what happened: etcd's own history, read without Kubernetes' API. etcd's JSON gateway replays every
 * change since a revision; the `mod_revision` of a change is the `resourceVersion` that the API server gives the
 * object, for deletions too. Needs `--storage-media-type=application/json` (values that can be read) and an API
 * server that does not compact.
 */
/** One version of one object, as it was stored. */
export interface StoredVersion {
  readonly revision: number;
  readonly deleted: boolean;
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Uids of `metadata.ownerReferences`. */
  readonly owners: readonly string[];
  /** Uid of the object that an Event is about, empty for everything else. */
  readonly involved: string;
  /** For a deletion: the last state before it. */
  readonly object: StoredObject;
  /** Milliseconds since 1970, a moment after it was stored, when the judge heard of it at once. */
  readonly storedAt?: number;
}

export interface StoredObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: {
    readonly namespace?: string;
    readonly name?: string;
    readonly uid?: string;
    readonly ownerReferences?: readonly { readonly uid: string }[];
  };
  readonly involvedObject?: { readonly uid?: string };
  readonly regarding?: { readonly uid?: string };
}

interface KeyValue {
  readonly key: string;
  readonly value?: string;
  readonly mod_revision?: string;
}

/** One change of one key, as etcd's gateway writes it: values in base64, and no `type` for a put. */
export interface StoredChange {
  readonly type?: "DELETE";
  readonly kv: KeyValue;
  readonly prev_kv?: KeyValue;
}

interface WatchAnswer {
  readonly result?: {
    readonly canceled?: boolean;
    readonly cancel_reason?: string;
    readonly events?: readonly StoredChange[];
  };
}

const MARKER = "/registry/zz-end-of-history";

/** The revision that etcd stands at. */
export async function currentRevision(etcd: string): Promise<number> {
  const answer: { readonly header: { readonly revision: string } } = JSON.parse(await call(etcd, "/v3/maintenance/status", {}));
  return Number(answer.header.revision);
}

/** Every version of every object from revision `from` to now, in the order in which it was stored. */
export async function readHistory(etcd: string, from: number): Promise<readonly StoredVersion[]> {
  // A watch has no end. A key that no API server reads, written now, is where this one stops.
  const last = await putMarker(etcd);
  const versions: StoredVersion[] = [];
  for await (const events of watchHistory(etcd, { from })) {
    for (const { kv, prev_kv: before, type } of events) {
      if (Number(kv.mod_revision) >= last) return versions;
      const deleted = type === "DELETE";
      const version = decodeChange(Number(kv.mod_revision), (deleted ? before?.value : kv.value) ?? "", deleted);
      if (version !== undefined) versions.push(version);
    }
  }
  throw new Error("etcd ended the watch before the end of its history");
}

/** Writes the key that no API server reads, and returns the revision of that change. */
export async function putMarker(etcd: string): Promise<number> {
  const body = { key: base64(MARKER), value: base64("-") };
  const put: { readonly header: { readonly revision: string } } = JSON.parse(await call(etcd, "/v3/kv/put", body));
  return Number(put.header.revision);
}

/** Compacts etcd's history up to now, as an API server does every five minutes. Returns the revision. */
export async function compact(etcd: string): Promise<number> {
  const revision = await currentRevision(etcd);
  await call(etcd, "/v3/kv/compaction", { revision: String(revision), physical: true });
  return revision;
}

/** Every change from revision `from` on, as etcd sends them, for ever. Throws when etcd ends it. */
export async function* watchHistory(
  etcd: string,
  watch: { readonly from: number; readonly signal?: AbortSignal },
): AsyncGenerator<readonly StoredChange[]> {
  const response = await fetch(`${etcd}/v3/watch`, {
    method: "POST",
    signal: watch.signal ?? null,
    body: JSON.stringify({
      create_request: {
        key: base64("/registry/"),
        range_end: base64("/registry0"),
        start_revision: String(watch.from),
        prev_kv: true,
        fragment: true,
      },
    }),
  });
  if (!response.ok || response.body === null) throw new Error(`etcd answered ${response.status} to a watch`);
  // Leaving the loop cancels the request.
  for await (const line of linesOf(response.body)) {
    const answer: WatchAnswer = JSON.parse(line);
    if (answer.result?.canceled === true) throw new Error(`etcd cancelled the watch: ${answer.result.cancel_reason ?? ""}`);
    yield answer.result?.events ?? [];
  }
}

/** The versions of `root` and of everything below it by owner references, any depth. */
export function ownedBy(history: readonly StoredVersion[], root: string): readonly StoredVersion[] {
  const family = new Set([root]);
  // A child may be stored before its owner's uid is known here, hence more than one pass.
  for (let size = 0; size !== family.size;) {
    size = family.size;
    for (const version of history) if (version.owners.some((owner) => family.has(owner))) family.add(version.uid);
  }
  return history.filter((version) => family.has(version.uid));
}

/** The versions of Events about any of these objects. */
export function eventsAbout(history: readonly StoredVersion[], uids: ReadonlySet<string>): readonly StoredVersion[] {
  return history.filter((version) => version.kind === "Event" && uids.has(version.involved));
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const parts: string[] = [];
  for await (const chunk of body) {
    const [head = "", ...rest] = decoder.decode(chunk, { stream: true }).split("\n");
    parts.push(head);
    for (const next of rest) {
      yield parts.join("");
      parts.splice(0, parts.length, next);
    }
  }
}

/** The version that a change made, from its value in base64; for a deletion the value before it. `undefined` for what is no object. */
export function decodeChange(revision: number, value: string, deleted: boolean): StoredVersion | undefined {
  const text = Buffer.from(value, "base64").toString("utf8");
  if (!text.startsWith("{")) return undefined;
  const object: StoredObject = JSON.parse(text);
  const meta = object.metadata;
  if (meta?.uid === undefined) return undefined;
  return {
    revision,
    deleted,
    apiVersion: object.apiVersion ?? "",
    kind: object.kind ?? "",
    namespace: meta.namespace ?? "",
    name: meta.name ?? "",
    uid: meta.uid,
    owners: (meta.ownerReferences ?? []).map((owner) => owner.uid),
    involved: object.involvedObject?.uid ?? object.regarding?.uid ?? "",
    object,
  };
}

async function call(etcd: string, path: string, body: unknown): Promise<string> {
  const response = await fetch(etcd + path, { method: "POST", body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`etcd answered ${response.status} to ${path}: ${text}`);
  return text;
}

function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}
