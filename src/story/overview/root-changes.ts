/** What one version of the root says that its last one did not: rollouts, rollbacks, other wishes, readiness. */
import { field, listField, textField } from "../../base/index.ts";
import { askedFor, describeChange } from "./describe-changes.ts";
import type { Finding } from "./findings.ts";
import type { SeenObject } from "./seen.ts";

/** What is compared of a version. */
interface Version {
  readonly replicas: number | undefined;
  readonly isReady: boolean;
}

export class RootChanges {
  /** All that were rolled out, and the one that was last. */
  readonly #images = new Set<string>();
  #image = "";
  #before: Version | undefined;
  #timesReady = 0;

  accept(event: SeenObject): readonly Finding[] {
    const before = this.#before;
    const now = versionOf(event.data);
    this.#before = now;
    const image = imagesOf(event.data).join(", ");
    const isNew = image !== "" && image !== this.#image;
    const isBack = this.#images.has(image);
    if (isNew) this.#images.add((this.#image = image));
    const title = `${event.resource}/${event.name}`;
    if (event.action === "delete") return [{ weight: 9, what: `${title} is deleted` }];
    if (isNew && before === undefined) return [{ weight: 9, what: `${title} appears with ${image}` }];
    if (isNew) return [{ weight: 9, what: isBack ? `rolled back to ${image}` : `rolled out: ${image}` }];
    if (before === undefined || !now.isReady || before.isReady) return [...scaled(now, before), ...respecified(event)];
    this.#timesReady += 1;
    const again = this.#timesReady === 1 ? "ready" : "ready again";
    return [
      ...scaled(now, before),
      // A crash loop is ready again and again: once is news.
      { weight: this.#timesReady > 2 ? 3 : 7, what: `${again}: ${readyCount(event.data)}` },
    ];
  }
}

function versionOf(object: unknown): Version {
  return { replicas: numberAt(object, "spec", "replicas"), isReady: isReady(object) };
}

function scaled(now: Version, before: Version | undefined): readonly Finding[] {
  if (now.replicas === undefined || before?.replicas === undefined || now.replicas === before.replicas) return [];
  return [{ weight: 6, what: `scaled from ${before.replicas} to ${now.replicas}` }];
}

/** What was asked for besides another image and another number of replicas. */
function respecified(event: SeenObject): readonly Finding[] {
  const changes = askedFor(event).filter(({ path }) => path.startsWith("spec.") && path !== "spec.replicas");
  const [first] = changes;
  if (first === undefined) return [];
  const more = changes.length > 1 ? ` and ${changes.length - 1} more` : "";
  return [{ weight: 8, what: `changed: ${describeChange(first)}${more}` }];
}

function readyCount(object: unknown): string {
  return `${numberAt(object, "status", "readyReplicas") ?? 0} of ${numberAt(object, "spec", "replicas") ?? 0}`;
}

/** As `kubectl rollout status` sees a Deployment: the newest generation seen, every replica new and available, none left over. */
function isReady(object: unknown): boolean {
  const wanted = numberAt(object, "spec", "replicas");
  const status = (name: string): number => numberAt(object, "status", name) ?? 0;
  if (wanted === undefined || wanted === 0) return false;
  const seen = status("observedGeneration") >= (numberAt(object, "metadata", "generation") ?? 0);
  return seen && status("updatedReplicas") === wanted && status("availableReplicas") === wanted && status("replicas") === wanted;
}

/** Images of a workload's pods, or of a pod. */
export function imagesOf(object: unknown): readonly string[] {
  const spec = field(object, "spec");
  const pod = field(field(spec, "template"), "spec") ?? spec;
  return listField(pod, "containers").flatMap((container) => textField(container, "image") ?? []);
}

function numberAt(value: unknown, part: string, name: string): number | undefined {
  const found = field(field(value, part), name);
  return typeof found === "number" ? found : undefined;
}
