/**
 * What pods of one owner say alike, kept once for all of them: they name the same things, but for the nodes that they are on, and bear
 * the same labels.
 */
import type { NamedRelation, ObjectRelations } from "../record/index.ts";
import { isSameLabels, isSameName } from "./relation-links.ts";

export type Labels = Readonly<Record<string, string>>;

/** Whole statements that are remembered; pods of a DaemonSet have none in common. */
const STATEMENTS_MAX = 32;
/** Pods of a StatefulSet bear their own name as a label. */
const LABELS_MAX = 8;

export class Siblings {
  readonly #names = new Map<string, NamedRelation>();
  readonly #statements: ObjectRelations[] = [];
  readonly #labels: Labels[] = [];

  /** The same statement, or one like it that a sibling made. */
  statement(stated: ObjectRelations): ObjectRelations {
    const named = stated.named.map((one) => this.#name(one));
    const like = this.#statements.find((other) => isOf(other, named));
    if (like !== undefined && stated.selecting.length === 0 && stated.aliases.length === 0) return like;
    const shared = { ...stated, named };
    remember(this.#statements, shared, STATEMENTS_MAX);
    return shared;
  }

  /** The same labels, or those of a sibling. */
  labels(labels: Labels): Labels {
    const like = this.#labels.find((other) => isSameLabels(other, labels));
    if (like !== undefined) return like;
    remember(this.#labels, labels, LABELS_MAX);
    return labels;
  }

  #name(one: NamedRelation): NamedRelation {
    const like = this.#names.get(one.proof);
    if (like !== undefined && isSameName(like, one)) return like;
    this.#names.set(one.proof, one);
    return one;
  }
}

/** Names are the same by now where they are alike. */
function isOf(other: ObjectRelations, named: readonly NamedRelation[]): boolean {
  return (
    other.selecting.length + other.aliases.length === 0 &&
    other.named.length === named.length &&
    other.named.every((one, at) => one === named[at])
  );
}

function remember<T>(all: T[], one: T, most: number): void {
  all.push(one);
  if (all.length > most) all.shift();
}
