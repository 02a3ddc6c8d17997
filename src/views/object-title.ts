/** How objects are called: `deployment/web`. */

/** `Deployment` of `apps/v1/Deployment`. */
export function kindOf(resourceType: string): string {
  return resourceType.slice(resourceType.lastIndexOf("/") + 1);
}

/** `deployment/web` of an object that a story lists. */
export function titleOf({ resource_type: type, name }: { readonly resource_type: string; readonly name: string }): string {
  return `${kindOf(type).toLowerCase()}/${name}`;
}
