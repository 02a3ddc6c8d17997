/**
 * Growable columns of numbers: pages of typed arrays, so that growing copies nothing and costs no object per row. A page that is
 * full is kept as differences from its least value, in as few bytes each as they take.
 */

const PAGE_ROWS = 1 << 12;

type NumberArray = Float64Array | Uint32Array | Uint16Array | Uint8Array;

/** Values are `base` and what stands in `above`; a page of one value alone has no `above`. */
interface PackedPage {
  readonly base: number;
  readonly above: NumberArray | undefined;
}

/** Rows are set once and in their order. Values are whole numbers below 2^53, or any number at all: then they stay as they are. */
export class Column {
  readonly #packed: PackedPage[] = [];
  readonly #open = new Float64Array(PAGE_ROWS);

  set(row: number, value: number): void {
    this.#open[row % PAGE_ROWS] = value;
    if (row % PAGE_ROWS < PAGE_ROWS - 1) return;
    this.#packed.push(packed(this.#open));
    this.#open.fill(0);
  }

  get(row: number): number {
    const page = this.#packed[Math.floor(row / PAGE_ROWS)];
    if (page === undefined) return Math.floor(row / PAGE_ROWS) === this.#packed.length ? (this.#open[row % PAGE_ROWS] ?? 0) : 0;
    return page.above === undefined ? page.base : page.base + (page.above[row % PAGE_ROWS] ?? 0);
  }
}

function packed(values: Float64Array): PackedPage {
  let [least, most, areWhole] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, true];
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
    areWhole &&= Number.isSafeInteger(value);
  }
  const spread = most - least;
  if (!areWhole || spread > 0xffff_ffff) return { base: 0, above: values.slice() };
  if (spread === 0) return { base: least, above: undefined };
  const above =
    spread <= 0xff ? new Uint8Array(PAGE_ROWS) : spread <= 0xffff ? new Uint16Array(PAGE_ROWS) : new Uint32Array(PAGE_ROWS);
  for (let row = 0; row < PAGE_ROWS; row++) above[row] = (values[row] ?? 0) - least;
  return { base: least, above };
}

/** What is known of one record of a story without reading it: some 15 bytes. */
export interface Row {
  readonly position: number;
  /** When it happened; of a log block, its first line. */
  readonly time: number;
  readonly seq: number;
  /** Lines of a log block, 0 for any other record. */
  readonly lines: number;
  /**
   * What another clock says, as milliseconds beside `time`. Of a container's start or end: the node's time. Of a Kubernetes
   * Event: its arrival when positive, its own time when negative, as the other one of the two is `time`.
   */
  readonly beside?: number | undefined;
  /** Row of the transition before it of the same container, or of the same pod. Set for every transition. */
  readonly transition?: number | undefined;
}

/** The end of a chain: the first row of a stream has no row before it. */
export const NO_ROW = -1;

/** Twenty-four days: two clocks that differ by more are not told apart. */
const BESIDE_MAX_MS = 2 ** 31 - 1;

/** Rows in the order of arrival. The rows of one stream form a chain, from its last row backwards. */
export class RowTable {
  #count = 0;
  readonly #positions = new Column();
  readonly #times = new Column();
  readonly #seqs = new Column();
  readonly #lines = new Column();
  /** Rows back to the one before it in its chain, 0 for none. */
  readonly #before = new Column();
  /** As `toNatural` writes it, 0 for none. */
  readonly #beside = new Column();
  /** One more than the rows back to the transition before it, 0 for what is no transition, 1 for the first one. */
  readonly #transition = new Column();

  /** Adds a row behind `before` in its chain; returns its number. */
  add(row: Row, before: number): number {
    const at = this.#count++;
    this.#positions.set(at, row.position);
    this.#times.set(at, row.time);
    this.#seqs.set(at, row.seq);
    this.#lines.set(at, row.lines);
    this.#before.set(at, before === NO_ROW ? 0 : at - before);
    this.#beside.set(at, row.beside === undefined ? 0 : toNatural(row.beside));
    this.#transition.set(at, row.transition === undefined ? 0 : row.transition === NO_ROW ? 1 : at - row.transition + 1);
    return at;
  }

  /** Rows so far. */
  get count(): number {
    return this.#count;
  }

  time(row: number): number {
    return this.#times.get(row);
  }

  seq(row: number): number {
    return this.#seqs.get(row);
  }

  lines(row: number): number {
    return this.#lines.get(row);
  }

  position(row: number): number {
    return this.#positions.get(row);
  }

  before(row: number): number {
    const back = this.#before.get(row);
    return back === 0 ? NO_ROW : row - back;
  }

  /** What another clock says, milliseconds beside `time`; undefined where none does. */
  beside(row: number): number | undefined {
    const stored = this.#beside.get(row);
    if (stored === 0) return undefined;
    return stored % 2 === 1 ? (stored - 1) / 2 : -stored / 2;
  }

  isTransition(row: number): boolean {
    return this.#transition.get(row) !== 0;
  }

  /** The transition before it of the same container or pod; `NO_ROW` for the first one. */
  transitionBefore(row: number): number {
    const stored = this.#transition.get(row);
    return stored <= 1 ? NO_ROW : row - (stored - 1);
  }
}

/** 0, -1, 1, -2 … as 1, 2, 3, 4 …: what is small either way stays small. */
function toNatural(beside: number): number {
  const ms = Math.max(-BESIDE_MAX_MS, Math.min(BESIDE_MAX_MS, Math.round(beside)));
  return ms >= 0 ? 2 * ms + 1 : -2 * ms;
}
