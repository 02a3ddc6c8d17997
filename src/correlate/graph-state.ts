/**
 * The graph as plain data and back. Nodes are numbers: written as they stand they would lead from one to the next through all of
 * them, deeper than a stack is. What is one thing in memory, as the array of stories that a thousand objects share, is one again.
 */
import { byNumber, LongList, Numbering, rowsOfSets } from "../base/index.ts";
import type { CorrelationId } from "../record/index.ts";
import { GraphNode, NONE } from "./graph-node.ts";
import { addEdge, type Edge, type Links, linksOf } from "./relation-links.ts";

/** A node by its place in `GraphState.nodes`. */
export type NodeNumber = number;

/** Maps and sets among them stay what they are: `node:v8` writes them. */
export interface GraphState {
  readonly nodes: Iterable<NodeState>;
  readonly edges: Iterable<EdgeState>;
  readonly stories: Iterable<readonly CorrelationId[]>;
}

/** Sets by their keys, a large one in several rows. */
export type SetRows = Iterable<readonly [key: string, nodes: readonly NodeNumber[]]>;

type NodeState = Readonly<Omit<GraphNode, keyof References>> & References;

interface References {
  readonly owners: readonly NodeNumber[];
  readonly formerOwners: readonly NodeNumber[];
  readonly subjects: readonly NodeNumber[];
  readonly children: readonly NodeNumber[] | undefined;
  readonly stories: number;
  readonly keepsAlive: number;
  readonly links: (Omit<Links, "edges"> & { readonly edges: readonly number[] }) | undefined;
}

type EdgeState = readonly [relation: Edge["relation"], holder: NodeNumber, target: NodeNumber, proof: string];

/** Gives numbers to nodes, and to what they share. */
export class GraphWriter {
  readonly #nodes = new Numbering<GraphNode>();
  readonly #edges = new Numbering<Edge>();
  readonly #stories = new Numbering<readonly CorrelationId[]>();

  number(node: GraphNode): NodeNumber {
    return this.#nodes.of(node);
  }

  numbers(nodes: Iterable<GraphNode>): NodeNumber[] {
    return Array.from(nodes, (node) => this.#nodes.of(node));
  }

  sets(sets: Iterable<readonly [string, Iterable<GraphNode>]>): LongList<readonly [string, readonly NodeNumber[]]> {
    return new LongList(rowsOfSets(sets, (node) => this.#nodes.of(node)));
  }

  stories(stories: readonly CorrelationId[]): number {
    return this.#stories.of(stories);
  }

  /** To be asked for, and gone over, last, and in the order of its members. */
  end(): GraphState {
    // The lists grow while they are walked over: whoever is referred to gets a number.
    const nodes = LongList.of(this.#nodes.all, (node) => this.#node(node));
    const edges = LongList.of(this.#edges.all, ({ relation, holder, target, proof }): EdgeState => {
      return [relation, this.number(holder), this.number(target), proof];
    });
    return { nodes, edges, stories: new LongList(this.#stories.all) };
  }

  /** Member by member: without rests and spreads it takes a tenth of the time, in which nothing is recorded. */
  #node(node: GraphNode): NodeState {
    return {
      uid: node.uid,
      isSeen: node.isSeen,
      isSelected: node.isSelected,
      isKubeEvent: node.isKubeEvent,
      isLiving: node.isLiving,
      isWanted: node.isWanted,
      isFollowed: node.isFollowed,
      apiVersion: node.apiVersion,
      kind: node.kind,
      namespace: node.namespace,
      name: node.name,
      bornAt: node.bornAt,
      deletedAt: node.deletedAt,
      owners: this.numbers(node.owners),
      formerOwners: this.numbers(node.formerOwners),
      subjects: this.numbers(node.subjects),
      children: node.children === undefined ? undefined : this.numbers(node.children),
      streams: node.streams,
      stories: this.stories(node.stories),
      keepsAlive: this.stories(node.keepsAlive),
      proof: node.proof,
      links: node.links === undefined ? undefined : this.#links(node.links),
    };
  }

  #links({ stated, labels, selectable, edges, supports, stories }: Links): NodeState["links"] {
    return { stated, labels, selectable, edges: Array.from(edges, (edge) => this.#edges.of(edge)), supports, stories };
  }
}

/** Makes the nodes again. */
export class GraphReader {
  /** @throws RangeError where no node has the number */
  readonly node: (number: NodeNumber) => GraphNode;
  readonly #stories: readonly (readonly CorrelationId[])[];

  /** `constants`: arrays that stand for no story, and are told apart by what they are. */
  constructor({ nodes, edges, stories }: GraphState, constants: ReadonlyMap<number, readonly CorrelationId[]>) {
    this.#stories = Array.from(stories, (ids, number) => constants.get(number) ?? ids);
    const states = [...nodes];
    this.node = byNumber(
      states.map(({ uid }) => new GraphNode(uid)),
      "node",
    );
    const made = Array.from(edges, ([relation, holder, target, proof]): Edge => {
      return { relation, holder: this.node(holder), target: this.node(target), proof };
    });
    for (const [number, state] of states.entries()) this.#connect(this.node(number), state, made);
  }

  nodes(numbers: readonly NodeNumber[]): GraphNode[] {
    return numbers.map(this.node);
  }

  sets(rows: SetRows): Map<string, Set<GraphNode>> {
    const sets = new Map<string, Set<GraphNode>>();
    for (const [key, numbers] of rows) {
      const set = sets.get(key) ?? new Set();
      sets.set(key, set);
      for (const number of numbers) set.add(this.node(number));
    }
    return sets;
  }

  stories(number: number): readonly CorrelationId[] {
    return this.#stories[number] ?? NONE;
  }

  #connect(node: GraphNode, state: NodeState, edges: readonly Edge[]): void {
    const list = (numbers: readonly NodeNumber[]): readonly GraphNode[] => (numbers.length === 0 ? NONE : this.nodes(numbers));
    node.isSeen = state.isSeen;
    node.isSelected = state.isSelected;
    node.isKubeEvent = state.isKubeEvent;
    node.isLiving = state.isLiving;
    node.isWanted = state.isWanted;
    node.isFollowed = state.isFollowed;
    node.apiVersion = state.apiVersion;
    node.kind = state.kind;
    node.namespace = state.namespace;
    node.name = state.name;
    node.bornAt = state.bornAt;
    node.deletedAt = state.deletedAt;
    node.streams = state.streams;
    node.proof = state.proof;
    node.owners = list(state.owners);
    node.formerOwners = list(state.formerOwners);
    node.subjects = list(state.subjects);
    node.children = state.children === undefined ? undefined : new Set(this.nodes(state.children));
    node.stories = this.stories(state.stories);
    node.keepsAlive = this.stories(state.keepsAlive);
    if (state.links === undefined) return;
    const made = linksOf(node);
    made.stated = state.links.stated;
    made.labels = state.links.labels;
    made.selectable = state.links.selectable;
    made.supports = state.links.supports;
    made.stories = state.links.stories;
    for (const number of state.links.edges) {
      const edge = edges[number];
      if (edge !== undefined) addEdge(made, edge);
    }
  }
}
