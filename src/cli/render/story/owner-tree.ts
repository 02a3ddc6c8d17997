/** The objects of a story as a tree of owners. Many of one kind below one owner are counted, not listed. */
import type { StoryObject, StoryOverview } from "../../../story/index.ts";
import { kindOf } from "../../../views/index.ts";
import { fit, type Look, paint, paintObject, room } from "./paint.ts";

/** More children of one kind than this are cut. */
const CHILDREN_MAX = 8;

interface Node {
  readonly object: StoryObject;
  readonly children: Node[];
}

/** `owners` maps a uid to that of its controller. Events are not objects of the tree. */
export function renderTree(objects: readonly StoryObject[], owners: StoryOverview["owners"], look: Look): string {
  const nodes = new Map<string, Node>(
    objects.filter(({ resource_type: type }) => !type.endsWith("/Event")).map((object) => [object.uid, { object, children: [] }]),
  );
  const roots: Node[] = [];
  for (const node of nodes.values()) {
    const owner = nodes.get(owners[node.object.uid] ?? "");
    if (owner === undefined || owner === node) roots.push(node);
    else owner.children.push(node);
  }
  return roots
    .flatMap((root) => renderNode(root, { first: "  ", rest: "  " }, look))
    .map((line) => `${line}\n`)
    .join("");
}

function renderNode(node: Node, indent: { readonly first: string; readonly rest: string }, look: Look): readonly string[] {
  const { object, children } = node;
  const kind = kindOf(object.resource_type);
  const title = `${kind}/${object.name}`;
  const isOwned = object.relation.startsWith("owned by") || object.relation === "root";
  const why = isOwned ? "" : `  ${fit(object.relation, room(look, indent.first.length + title.length + 2))}`;
  const shown = children.slice(0, CHILDREN_MAX);
  const rest = children.length - shown.length;
  return [
    `${indent.first}${paintObject(look, `${kind.toLowerCase()}/${object.name}`, title)}${paint(look, "dim", why)}`,
    ...shown.flatMap((child, index) => {
      const isLast = index === shown.length - 1 && rest === 0;
      return renderNode(
        child,
        { first: `${indent.rest}${isLast ? "└─ " : "├─ "}`, rest: `${indent.rest}${isLast ? "   " : "│  "}` },
        look,
      );
    }),
    ...(rest > 0 ? [`${indent.rest}└─ … and ${rest} more`] : []),
  ];
}
