/** What was recorded, and what nobody watched: of that, an absence says nothing. */
import type { Extent } from "../context.ts";
import type { RecordedCluster } from "./recorded-cluster.ts";

/** More are counted. */
const SCOPES_SAID_MAX = 8;

export function recordedExtent({ what, scopes }: Pick<RecordedCluster, "what" | "scopes">): Extent {
  const more = scopes.length - SCOPES_SAID_MAX;
  const said = scopes.slice(0, SCOPES_SAID_MAX).join(", ");
  const watched = scopes.map(partsOf);
  return {
    says: `this is ${what}, and it holds only: ${said}${more > 0 ? `, and ${more} more` : ""}`,
    namespaces: new Set(watched.map(({ namespace }) => namespace)),
    covers: ({ resource: { plural, version, group }, namespace, name }) => {
      const resource = [plural, version, group].filter((part) => part !== "").join(".");
      return watched.some(
        (scope) =>
          scope.resource === resource &&
          (scope.namespace === "*" || namespace === undefined || scope.namespace === namespace) &&
          (scope.name === undefined || name === undefined || scope.name === name),
      );
    },
  };
}

/** `deployments.v1.apps/shop/web`, `pods.v1/shop`, `nodes.v1/*`. */
function partsOf(scope: string): { readonly resource: string; readonly namespace: string; readonly name: string | undefined } {
  const [resource = "", namespace = "*", name] = scope.split("/");
  return { resource, namespace, name };
}
