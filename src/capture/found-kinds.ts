/**
 * The plan as it grows: an object of a story names another one of a kind that nobody watches yet, so the kind is followed
 * from now on. Of kinds whose objects are many, large and shared by the whole cluster only those that are named are
 * followed, one by one, until that would cost more connections than following them all.
 */
import type { ApiResource } from "../cluster/index.ts";
import type { Want } from "../correlate/index.ts";
import { type Followed, follow, targets } from "./plan.ts";
import { groupKind, isRecordable, kindsNamed, preferred } from "./related.ts";

/** Objects of one kind that are followed by name; with one more, the whole kind is. */
const NAMED_MAX = 2;
const BY_NAME: ReadonlySet<string> = new Set(["Node", "PersistentVolume"]);
/** The names under which a webhook's configuration may be served (admissionregistration.k8s.io). */
const WEBHOOK_CONFIGURATIONS = [
  "ValidatingWebhookConfiguration.admissionregistration.k8s.io",
  "MutatingWebhookConfiguration.admissionregistration.k8s.io",
] as const;

type WatchWant = Extract<Want, { want: "watch" }>;

export class FoundKinds {
  readonly #namespaces: readonly string[];
  readonly #named = new Map<string, Set<string>>();

  /** `namespaces`: those of the capture, empty for all. */
  constructor(namespaces: readonly string[]) {
    this.#namespaces = namespaces;
  }

  /** What to follow for it on a cluster that serves `served`: nothing when the kind is not among them. */
  follow(want: WatchWant, served: readonly ApiResource[]): readonly Followed[] {
    const candidates = preferred(served).filter(isRecordable);
    const wanted = want.group === "" ? want.kind : `${want.kind}.${want.group}`;
    const kinds = wanted === "AdmissionWebhook" ? WEBHOOK_CONFIGURATIONS : [wanted];
    const how = { why: want.why, isRoot: false, isContext: want.as === "named" };
    return kindsNamed(kinds, candidates).flatMap((resource) => [
      ...this.#targets(resource, want).map((target) => follow(target, how)),
      ...(resource.namespaced ? [] : this.#events(candidates, resource)),
    ]);
  }

  #targets(resource: ApiResource, want: WatchWant): ReturnType<typeof targets> {
    if (!resource.namespaced)
      return targets(resource, { namespaces: [] }, { name: this.#nameOf(resource, want.name), wide: true });
    const isForeign = this.#namespaces.length > 0 && want.namespace !== undefined && !this.#namespaces.includes(want.namespace);
    const namespaces = isForeign && want.namespace !== undefined ? [want.namespace] : this.#namespaces;
    return targets(resource, { namespaces }, { name: undefined, wide: false });
  }

  #nameOf(resource: ApiResource, name: string): string | undefined {
    const kind = groupKind(resource);
    if (!BY_NAME.has(kind)) return undefined;
    const names = this.#named.get(kind) ?? new Set();
    this.#named.set(kind, names.add(name));
    return names.size > NAMED_MAX ? undefined : name;
  }

  /** Events about an object without a namespace are in `default` (client-go `tools/record` `makeEvent`). */
  #events(candidates: readonly ApiResource[], subject: ApiResource): readonly Followed[] {
    const isSeen = this.#namespaces.length === 0 || this.#namespaces.includes("default");
    if (isSeen) return [];
    return kindsNamed(["Event"], candidates)
      .flatMap((events) => targets(events, { namespaces: ["default"] }, { name: undefined, wide: false }))
      .map((target) => follow(target, { why: `Events about a ${subject.kind}`, isRoot: false, isContext: true }));
  }
}
