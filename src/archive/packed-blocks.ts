/** Blocks of packed segments that were unpacked last, of all segments together: a few megabytes, however many are read. */
import type { UnpackedBlock } from "./packed-format.ts";

const BLOCKS_MAX = 64;

interface Kept {
  readonly of: object;
  readonly number: number;
  readonly block: UnpackedBlock;
}

export class PackedBlocks {
  /** The one that was asked for last is the last. */
  readonly #kept: Kept[] = [];

  get(of: object, number: number): UnpackedBlock | undefined {
    const at = this.#kept.findIndex((each) => each.of === of && each.number === number);
    const [found] = at === -1 ? [] : this.#kept.splice(at, 1);
    if (found !== undefined) this.#kept.push(found);
    return found?.block;
  }

  keep(of: object, number: number, block: UnpackedBlock): void {
    if (this.#kept.length === BLOCKS_MAX) this.#kept.shift();
    this.#kept.push({ of, number, block });
  }

  /** Forgets what belongs to a segment that is closed. */
  drop(of: object): void {
    for (let at = this.#kept.length - 1; at >= 0; at--) if (this.#kept[at]?.of === of) this.#kept.splice(at, 1);
  }
}

/** Those of this process. */
export const packedBlocks: PackedBlocks = new PackedBlocks();
