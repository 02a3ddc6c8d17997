/**
 * What a relation draws into a story. An edge leads from its holder, the object whose fields state it, to its target. The
 * object at one end may draw in the other: the pod its Node, the pod its Service. An object that was drawn in draws
 * nothing further unless a row says `any`: a Node belongs to the story of a pod, the Node's other pods do not.
 */
import type { RelationType } from "../record/index.ts";

/** Whose membership draws: of an object that belongs by ownership, or also of one that was itself drawn in. */
export type Draws = "owned" | "any";

export interface RelationRule {
  /** Set when the holder's story takes the target in. `words` stand before the holder's name. */
  readonly target?: { readonly when: Draws; readonly words: string };
  /** Set when the target's story takes the holder in. */
  readonly holder?: { readonly when: Draws; readonly words: string };
}

/** The rows marked `any` form no circle: claim, volume, class; Service, slice; Service, route, Gateway, class. */
export const RELATION_RULES: Readonly<Record<RelationType, RelationRule>> = {
  "runs-on": { target: { when: "owned", words: "node of" } },
  uses: { target: { when: "owned", words: "used by" } },
  "rests-on": { target: { when: "any", words: "used by" } },
  selects: { target: { when: "owned", words: "selected by" }, holder: { when: "owned", words: "selects" } },
  limits: { holder: { when: "owned", words: "limits" } },
  publishes: { target: { when: "owned", words: "published by" }, holder: { when: "any", words: "endpoints of" } },
  lists: { holder: { when: "owned", words: "lists" } },
  "routes-to": { target: { when: "owned", words: "backend of" }, holder: { when: "any", words: "routes to" } },
  scales: { target: { when: "owned", words: "scaled by" }, holder: { when: "owned", words: "scales" } },
  names: { target: { when: "owned", words: "named by" } },
  "managed-by": { target: { when: "owned", words: "hint: manages" } },
};
