/**
 * The life of stories: opened with their root, completed when nothing can or does come any more, reopened by a
 * late record. Counts what keeps a story alive so that completing one never walks over its objects.
 */
import { LongList } from "../base/index.ts";
import type { CompletedBecause, CorrelationId, StoryRecord } from "../record/index.ts";
import type { GraphNode } from "./graph-node.ts";
import type { GraphReader, GraphWriter, NodeNumber } from "./graph-state.ts";
import type { CorrelationRecord } from "./types.ts";

/** A story that waits for more. */
export interface OpenStory {
  readonly story: CorrelationId;
  readonly root: StoryRecord["root"];
  /** Arrival of the first and of the last record, milliseconds since 1970. */
  readonly openedAt: number;
  readonly lastAt: number;
}

interface Story extends OpenStory {
  lastAt: number;
  state: "open" | "completed";
  /** A late record came after the completion: the next tick decides, so that a burst completes once. */
  isReopened: boolean;
  readonly rootNode: GraphNode;
  /** Objects that exist and belong to the story now. */
  living: number;
  /** Log streams that have not ended. */
  streams: number;
}

export type StoryLifetimeState = Iterable<Omit<Story, "rootNode"> & { readonly rootNode: NodeNumber }>;

/** The customary id: kind in lower case and uid of the root. */
export function correlationId(root: Pick<GraphNode, "kind" | "uid">): CorrelationId {
  return `${root.kind.toLowerCase()}-${root.uid}`;
}

export class StoryLifetime {
  readonly #stories = new Map<CorrelationId, Story>();
  readonly #timeoutMs: number;

  /** `timeoutMs` without a record completes a story; 0 for never. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  has(story: CorrelationId): boolean {
    return this.#stories.has(story);
  }

  isOpen(story: CorrelationId): boolean {
    return this.#stories.get(story)?.state === "open";
  }

  *open(): Generator<OpenStory> {
    for (const story of this.#stories.values()) if (story.state === "open") yield story;
  }

  begin(rootNode: GraphNode, atMs: number): CorrelationRecord {
    const root = {
      resourceType: `${rootNode.apiVersion}/${rootNode.kind}`,
      kind: rootNode.kind,
      ...(rootNode.namespace === undefined ? {} : { namespace: rootNode.namespace }),
      name: rootNode.name,
      uid: rootNode.uid,
    };
    const story = correlationId(rootNode);
    const fresh = {
      story,
      root,
      rootNode,
      openedAt: atMs,
      lastAt: atMs,
      state: "open",
      isReopened: false,
      living: 0,
      streams: 0,
    } as const;
    this.#stories.set(story, { ...fresh });
    return { type: "story", story, state: "opened", root };
  }

  /** The story's root turned out to belong to others. */
  merge(id: CorrelationId, into: readonly CorrelationId[]): CorrelationRecord[] {
    const story = this.#stories.get(id);
    if (story === undefined) return [];
    this.#stories.delete(id);
    return [{ type: "story", story: id, state: "merged", into, root: story.root }];
  }

  /** Counts objects and log streams that begin or cease to keep stories alive. */
  count(stories: readonly CorrelationId[], what: "living" | "streams", by: number): void {
    if (by === 0) return;
    for (const id of stories) {
      const story = this.#stories.get(id);
      if (story !== undefined) story[what] += by;
    }
  }

  /** A record of these stories arrived: reopens completed ones. */
  touch(stories: readonly CorrelationId[], atMs: number): CorrelationRecord[] {
    const records: CorrelationRecord[] = [];
    for (const id of stories) {
      const story = this.#stories.get(id);
      if (story === undefined) continue;
      story.lastAt = Math.max(story.lastAt, atMs);
      if (story.state === "open") continue;
      story.state = "open";
      story.isReopened = true;
      records.push({ type: "story", story: id, state: "reopened", root: story.root });
    }
    return records;
  }

  /** Completes those of the stories whose root is gone with everything that hung on it. */
  completeDeleted(stories: readonly CorrelationId[]): CorrelationRecord[] {
    const records: CorrelationRecord[] = [];
    for (const id of stories) {
      const story = this.#stories.get(id);
      if (story === undefined || story.state !== "open" || story.isReopened) continue;
      if (isOver(story)) records.push(complete(story, "deleted"));
    }
    return records;
  }

  /** Takes from a recording that a story was completed. */
  restoreCompleted(id: CorrelationId): void {
    const story = this.#stories.get(id);
    if (story !== undefined) story.state = "completed";
  }

  tick(nowMs: number): CorrelationRecord[] {
    return [...this.#stories.values()].flatMap((story) => {
      if (story.state === "completed") return [];
      if (isOver(story)) return [complete(story, "deleted")];
      return this.#timeoutMs > 0 && nowMs - story.lastAt >= this.#timeoutMs ? [complete(story, "quiet")] : [];
    });
  }

  stop(): CorrelationRecord[] {
    return [...this.#stories.values()].flatMap((story) => {
      return story.state === "open" ? [complete(story, isOver(story) ? "deleted" : "stopped")] : [];
    });
  }

  state(nodes: GraphWriter): StoryLifetimeState {
    return LongList.of(this.#stories.values(), (story) => ({ ...story, rootNode: nodes.number(story.rootNode) }));
  }

  restore(stories: StoryLifetimeState, nodes: GraphReader): void {
    for (const story of stories) this.#stories.set(story.story, { ...story, rootNode: nodes.node(story.rootNode) });
  }

  forget(id: CorrelationId): void {
    this.#stories.delete(id);
  }
}

function isOver(story: Story): boolean {
  return story.rootNode.deletedAt !== undefined && story.living === 0 && story.streams === 0;
}

function complete(story: Story, because: CompletedBecause): CorrelationRecord {
  story.state = "completed";
  story.isReopened = false;
  return { type: "story", story: story.story, state: "completed", because, root: story.root };
}
