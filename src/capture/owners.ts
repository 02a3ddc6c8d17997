/**
 * Owners that no watch shows: read once each, so that a chain of owners through a kind that nobody follows still leads to its
 * root. Their own owners may be unknown in turn. One read at a time: there may be thousands, and nothing waits for them.
 */
import { type Clock, errorMessage } from "../base/index.ts";
import { type ApiClient, ApiFailure, type ApiResource, collectionPath, describeFailure, resourceName } from "../cluster/index.ts";
import type { Want } from "../correlate/index.ts";
import { identify, scopeOf } from "../sources/index.ts";
import type { ObjectArrival } from "./lane.ts";
import type { Recorder } from "./recorder.ts";
import { groupKind } from "./related.ts";

export interface OwnersOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly offer: (arrival: ObjectArrival, uid: string) => void;
  readonly served: () => readonly ApiResource[];
  /** A scope that runs shows the owner by itself. */
  readonly isFollowed: (scope: string) => boolean;
}

type ObjectWant = Extract<Want, { want: "object" }>;

/** A watch may be about to show the owner: it gets so long before it is asked for. */
const PATIENCE_MS = 500;

export class Owners {
  readonly #options: OwnersOptions;
  readonly #waiting: ObjectWant[] = [];
  #wake: () => void = () => {};

  constructor(options: OwnersOptions) {
    this.#options = options;
  }

  want(want: ObjectWant): void {
    this.#waiting.push(want);
    this.#wake();
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const want = this.#waiting.shift();
      if (want === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
          signal.addEventListener("abort", () => resolve(), { once: true });
        });
      } else await this.#resolve(want, signal);
    }
  }

  async #resolve({ ref }: ObjectWant, signal: AbortSignal): Promise<void> {
    const { served, isFollowed, clock } = this.#options;
    const resource = served().find((each) => each.kind === ref.kind && each.apiVersion === ref.apiVersion);
    const label = `${ref.kind ?? ""}/${ref.name ?? ""} (uid ${ref.uid ?? ""})`;
    if (resource === undefined)
      return this.#unresolved(label, `the cluster serves no ${ref.kind ?? ""} in ${ref.apiVersion ?? ""}`);
    if (ref.name === undefined || !resource.verbs.includes("get")) return;
    const namespace = resource.namespaced ? ref.namespace : undefined;
    const place = { resource, metadataOnly: groupKind(resource) === "Secret", ...(namespace === undefined ? {} : { namespace }) };
    const name = resourceName(resource);
    const scopes = [place, { resource, metadataOnly: false }].map((target) => scopeOf(target, name));
    if (scopes.some(isFollowed)) return;
    await clock.sleep(PATIENCE_MS, signal);
    try {
      await this.#read(place, { name: ref.name, uid: ref.uid, label }, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiFailure)) throw error;
      this.#unresolved(label, describeFailure(error.failure));
    }
  }

  async #read(
    target: { readonly resource: ApiResource; readonly namespace?: string; readonly metadataOnly: boolean },
    wanted: { readonly name: string; readonly uid: string | undefined; readonly label: string },
    signal: AbortSignal,
  ): Promise<void> {
    const { client, recorder, offer } = this.#options;
    const accept = target.metadataOnly ? { accept: METADATA_ONLY } : {};
    const path = `${collectionPath(target.resource, target.namespace)}/${encodeURIComponent(wanted.name)}`;
    const { body } = await client.read({ path, signal, ...accept });
    const object = parse(body, path);
    if (object?.uid !== wanted.uid || object === undefined) {
      this.#unresolved(wanted.label, "an object of that name has another uid");
      return;
    }
    const scope = scopeOf({ ...target, name: wanted.name }, resourceName(target.resource));
    const how = { change: "LISTED", observedBy: "list" } as const;
    offer({ arrival: "object", stamp: recorder.stamp(), scope, resource: target.resource, ...how, object }, object.uid);
  }

  /** Children of one owner keep its uid in common, whether or not it can be read. */
  #unresolved(label: string, why: string): void {
    this.#options.recorder.note({ type: "incident", what: "owner not resolved", detail: `${label}: ${why}` });
  }
}

const METADATA_ONLY = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

function parse(body: Buffer, path: string): ReturnType<typeof identify> {
  try {
    // The server ends its answer with a newline, which is no part of the object.
    const raw = Buffer.from(body.toString("utf8").trim());
    return identify(raw, JSON.parse(raw.toString("utf8")));
  } catch (error) {
    throw new ApiFailure(`GET ${path}`, { kind: "foreign", message: errorMessage(error) });
  }
}
