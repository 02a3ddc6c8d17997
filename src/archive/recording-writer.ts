/**
 * Appends records to a recording. Appending is synchronous and cheap: the line goes into a block in memory.
 * Blocks are written and synced in groups, at the latest `commitIntervalMs` after their first record, so the
 * number of syncs depends on time, not on records. A disk that is full or broken stops nothing but itself: blocks
 * stay in memory, in order, and are tried again until they are durable; `room()` holds the producers back.
 */
import { type Clock, errorMessage, invariant, isoTime, pause } from "../base/index.ts";
import {
  decodeRecord,
  type FaroRecord,
  JsonWriter,
  offsetOf,
  type Position,
  positionOf,
  prepareLine,
  type PreparedLine,
  RECORDING_VERSION,
  type RecordAt,
  type RecordingSource,
  type ScanFrom,
  segmentOf,
} from "../record/index.ts";
import { Block, BLOCK_BYTES, SlabPool } from "./block.ts";
import type { FileLayer } from "./file-layer.ts";
import { indexFile } from "./layout.ts";
import type { Recovered, RecoveredDirectory } from "./recover.ts";
import { type Damage, RecordingReader } from "./recording-reader.ts";
import { SegmentFile } from "./segment-file.ts";
import { INDEXED_BYTES_MIN, SegmentIndexer, writeIndex } from "./segment-index.ts";
import { type PackingOptions, packSegments } from "./segment-packer.ts";
import { SegmentSeal } from "./segment-seal.ts";
import { dropState, type RecordingMark, type SavedState, type StateSlot, writeState } from "./state-file.ts";
import { Waiters } from "./waiters.ts";

/** What one sync made durable. */
export interface Commit {
  readonly records: number;
  readonly bytes: number;
  /** Duration of writing and syncing. */
  readonly fsyncMs: number;
}

export interface WriterSettings {
  readonly directory: string;
  readonly clock: Clock;
  readonly faroVersion: string;
  readonly layer: FileLayer;
  readonly segmentBytesMax: number;
  readonly commitIntervalMs: number;
  readonly budgetBytes: number;
  readonly onCommit: (commit: Commit) => void;
  /** The disk does not take what it is given. Told once; blocks stay in memory until `onResume`. */
  readonly onStall: (why: string) => void;
  readonly onResume: () => void;
  /** A segment was removed or replaced under the writer, and is written again. */
  readonly onRestored: (why: string) => void;
  /** Hears of every stretch that `scan()` had to skip. */
  readonly onDamage: (damage: Damage) => void;
}

/** A start reads so much of the segment in which a mark stands, to know it again: 0.1 s of CPU at the most. */
const MARKED_BYTES_MAX = 64 * 1024 * 1024;
const RETRY_MS = 1_000;
/** One sync covers at most so much: 36 ms for 64 MB would hold up `durable()`, 5 ms for 8 MB does not. */
const COMMIT_BYTES_MAX = 8 * BLOCK_BYTES;

export class RecordingWriter implements RecordingSource {
  readonly recovered: Recovered;
  readonly #settings: WriterSettings;
  readonly #disk: SegmentFile;
  readonly #reader: RecordingReader;
  readonly #slabs = new SlabPool();
  /** Memory for one line at a time. */
  readonly #head = new JsonWriter();
  readonly #abort = new AbortController();
  readonly #durable = new Waiters();
  readonly #room = new Waiters();

  /** Full blocks, and those being written, in order. */
  #sealed: Block[] = [];
  #open: Block | undefined;
  #segment: number;
  #segmentEnd = 0;
  #segmentSeal = new SegmentSeal();
  #index: SegmentIndexer;
  #savingIndex: Promise<void> = Promise.resolve();

  /** Bytes of lines taken so far by this writer, and how many of them are durable. */
  #appended = 0;
  #committed = 0;
  readonly #bytesBefore: number;
  /** The segment that the disk was given last: those in front of it are closed. */
  #written: number;

  #saved: SavedState | undefined;
  /** Where the next state goes. */
  #stateSlot: StateSlot;

  #cancelTimer: (() => void) | undefined;
  #isFlushDue = false;
  #isPumping = false;
  #pumping: Promise<void> | undefined;
  #isStalled = false;
  #isClosed = false;

  /** `found`: what an earlier run knew at some place of the recording. */
  constructor(
    settings: WriterSettings,
    recovered: RecoveredDirectory,
    found?: { readonly slot: StateSlot; readonly saved: SavedState },
  ) {
    this.#saved = found?.saved;
    this.#stateSlot = found?.slot === 0 ? 1 : 0;
    const { lastSeq, truncatedBytes, segments } = recovered;
    this.recovered = { lastSeq, truncatedBytes, segments };
    this.#settings = settings;
    this.#segment = recovered.nextSegment;
    this.#written = recovered.nextSegment;
    this.#index = new SegmentIndexer(this.#segment);
    this.#bytesBefore = recovered.bytes;
    this.#disk = new SegmentFile(settings.layer, settings.directory, settings.onRestored);
    this.#reader = new RecordingReader(settings.layer, settings.directory, settings.onDamage);
  }

  /** Bytes that are in memory only. */
  get unwrittenBytes(): number {
    return this.#appended - this.#committed;
  }

  /** Length of the whole recording, what is not written yet included. */
  get bytes(): number {
    return this.#bytesBefore + this.#appended;
  }

  /** What an earlier run knew at some place: whoever takes it scans from there. It is given once. */
  takeSaved(): SavedState | undefined {
    const saved = this.#saved;
    this.#saved = undefined;
    return saved;
  }

  /** Where the recording ends now; `lastSeq` is the highest that was appended. A long segment ends with it. */
  mark(lastSeq: number): RecordingMark {
    if (this.#segmentEnd > MARKED_BYTES_MAX) this.#nextSegment();
    const position = positionOf(this.#segment, this.#segmentEnd);
    return { position, lastSeq, recorded: this.bytes, ...this.#segmentSeal.now() };
  }

  /**
   * Keeps what is known at `mark` for the next run, in pieces that are asked for one by one.
   * @throws the errors of the disk, on which nothing but an earlier state is left then
   */
  async saveState(mark: RecordingMark, pieces: Iterable<Uint8Array>): Promise<void> {
    await this.durable();
    const { layer, directory, faroVersion } = this.#settings;
    const options = { layer, directory, faroVersion };
    const slot = this.#stateSlot;
    try {
      await writeState(options, slot, mark, pieces);
      this.#stateSlot = slot === 0 ? 1 : 0;
    } catch (error) {
      await dropState(options, slot);
      throw error;
    }
  }

  /** Packs segments that are finished, those of earlier runs first, until `signal` aborts. */
  async pack(options: PackingOptions, signal: AbortSignal): Promise<void> {
    const finishedBefore = (): number => this.#written;
    const onPacked = (segment: number): Promise<void> => this.#reader.letGo(segment);
    await packSegments({ ...this.#settings, ...options, finishedBefore, onPacked }, signal);
  }

  /** Takes a record. Where it stands is known at once; it is durable when a later `durable()` resolves. */
  append(record: FaroRecord): Position {
    invariant(!this.#isClosed, "nothing is appended to a closed recording");
    const line = prepareLine(record, this.#head);
    const isFull = this.#segmentEnd > 0 && this.#segmentEnd + line.bytes > this.#settings.segmentBytesMax;
    if (isFull) this.#nextSegment();
    if (this.#segmentEnd === 0) this.#put(prepareLine(this.#header()));
    const position = this.#put(line);
    this.#index.take(record, offsetOf(position));
    return position;
  }

  /** Resolves when everything appended so far is on the disk and synced. */
  async durable(): Promise<void> {
    if (this.unwrittenBytes === 0) return;
    const waiting = this.#durable.until(this.#appended);
    this.#flush();
    await waiting;
  }

  /** True while the bytes in memory are below the budget: then `room()` has nothing to wait for. */
  get hasRoom(): boolean {
    return this.unwrittenBytes < this.#settings.budgetBytes;
  }

  /** Resolves when the bytes in memory are below the budget: the producer's back-pressure. */
  async room(): Promise<void> {
    if (this.hasRoom) return;
    await this.#room.until(this.#appended - this.#settings.budgetBytes + 1);
  }

  /** The record at a position that `append` or `scan` gave, written or not. */
  async read(position: Position): Promise<FaroRecord> {
    return this.#unwritten(position) ?? (await this.#reader.read(position));
  }

  /** Those that are written, or one that is not. */
  async readSome(positions: readonly Position[], memory: Buffer): Promise<readonly FaroRecord[]> {
    const [first = 0] = positions;
    const unwritten = this.#unwritten(first);
    if (unwritten !== undefined) return [unwritten];
    const start = this.#firstUnwritten();
    const end = positions.findIndex((position) => position >= start);
    return await this.#reader.readSome(end === -1 ? positions : positions.slice(0, end), memory);
  }

  #unwritten(position: Position): FaroRecord | undefined {
    for (const block of this.#open === undefined ? this.#sealed : [...this.#sealed, this.#open]) {
      const line = block.lineAt(segmentOf(position), offsetOf(position));
      if (line !== undefined) return decodeRecord(line);
    }
    return undefined;
  }

  #firstUnwritten(): Position {
    const [block = this.#open] = this.#sealed;
    return block === undefined ? Number.POSITIVE_INFINITY : positionOf(block.segment, block.start);
  }

  /** Every record, earlier runs included, up to what was appended when the scan began. */
  async *scan(from?: ScanFrom): AsyncGenerator<RecordAt> {
    const end = positionOf(this.#segment, this.#segmentEnd);
    await this.durable();
    for await (const item of this.#reader.scan(from)) {
      if (item.position >= end) return;
      yield item;
    }
  }

  /**
   * Writes what is left and closes the files. With a signal, gives up when it aborts: what was durable until then
   * stays readable.
   */
  async close(signal?: AbortSignal): Promise<void> {
    if (this.#segmentEnd > 0) {
      this.#put(prepareLine(this.#sealRecord()));
      this.#saveIndex();
    }
    this.#isClosed = true;
    const giveUp = (): void => this.#abort.abort(signal?.reason);
    if (signal?.aborted) giveUp();
    signal?.addEventListener("abort", giveUp, { once: true });
    this.#flush();
    await this.#pumping;
    if (!this.#abort.signal.aborted) await this.#savingIndex;
    signal?.removeEventListener("abort", giveUp);
    this.#cancelTimer?.();
    this.#durable.reject(new Error("the recording was closed before its end was written"));
    this.#room.reject(new Error("the recording was closed"));
    await this.#disk.close();
    await this.#reader.close();
  }

  #header(): FaroRecord {
    const { clock, faroVersion } = this.#settings;
    const at = isoTime(clock.now());
    return { type: "faro-recording", seq: 0, at, version: RECORDING_VERSION, faroVersion, segment: this.#segment };
  }

  /** Says how long the segment is and what its bytes add up to: a line that is taken out whole leaves no other trace. */
  #sealRecord(): FaroRecord {
    const at = isoTime(this.#settings.clock.now());
    return { type: "seal", seq: 0, at, segment: this.#segment, bytes: this.#segmentEnd, ...this.#segmentSeal.now() };
  }

  #nextSegment(): void {
    this.#put(prepareLine(this.#sealRecord()));
    this.#seal();
    this.#saveIndex();
    this.#segment++;
    this.#segmentEnd = 0;
    this.#segmentSeal = new SegmentSeal();
    this.#index = new SegmentIndexer(this.#segment);
  }

  /** An index saves readers time and holds nothing of its own: one that cannot be written is made again from its segment. */
  #saveIndex(): void {
    if (this.#segmentEnd < INDEXED_BYTES_MIN) return;
    const { layer, directory } = this.#settings;
    const index = this.#index.finish(this.#segmentEnd);
    this.#savingIndex = writeIndex(layer, indexFile(directory, this.#segment), index).catch((error: unknown) => {
      invariant(error instanceof Error, "file systems throw errors");
    });
  }

  #put(line: PreparedLine): Position {
    if (this.#open?.hasRoom(line.bytes) === false) this.#seal();
    this.#open ??= this.#begin(line.bytes);
    const position = positionOf(this.#segment, this.#segmentEnd);
    this.#open.append(line, this.#segmentSeal);
    this.#segmentEnd = this.#open.end;
    this.#appended += line.bytes;
    if (this.#open.length >= BLOCK_BYTES) this.#seal();
    return position;
  }

  #begin(bytes: number): Block {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#settings.clock.after(this.#settings.commitIntervalMs, () => this.#flush());
    return new Block({ segment: this.#segment, start: this.#segmentEnd }, this.#slabs.take(bytes));
  }

  /** A sealed block takes no more lines and goes to the disk as soon as it is free. */
  #seal(): void {
    if (this.#open !== undefined) this.#finish(this.#open);
    this.#pump();
  }

  #finish(block: Block): void {
    this.#sealed.push(block);
    this.#open = undefined;
  }

  /** Sends the open block along, too. While the disk is busy it goes on filling. */
  #flush(): void {
    this.#isFlushDue = true;
    this.#pump();
  }

  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    this.#pumping = this.#writeAll();
  }

  /** Lowers its flag in the same breath in which it found nothing to do: a later `#pump` cannot be missed. */
  async #writeAll(): Promise<void> {
    try {
      for (let group = this.#nextGroup(); group.length > 0; group = this.#nextGroup()) {
        const started = this.#settings.clock.monotonic();
        if (!(await this.#commit(group))) return;
        this.#retire(group, this.#settings.clock.monotonic() - started);
      }
    } finally {
      this.#isPumping = false;
    }
  }

  /** The blocks of the next sync: of one segment, and not too many. */
  #nextGroup(): readonly Block[] {
    if (this.#sealed.length === 0 && this.#isFlushDue && this.#open !== undefined) this.#finish(this.#open);
    if (this.#open === undefined) this.#isFlushDue = false;
    const group: Block[] = [];
    let bytes = 0;
    for (const block of this.#sealed) {
      if (group.length > 0 && (block.segment !== group[0]?.segment || bytes + block.length > COMMIT_BYTES_MAX)) break;
      group.push(block);
      bytes += block.length;
    }
    return group;
  }

  /** Tries until it succeeds; false when the recording was given up meanwhile. */
  async #commit(group: readonly Block[]): Promise<boolean> {
    while (!this.#abort.signal.aborted) {
      try {
        await this.#disk.commit(group);
        if (this.#isStalled) this.#settings.onResume();
        this.#isStalled = false;
        return true;
      } catch (error) {
        if (!this.#isStalled) this.#settings.onStall(errorMessage(error));
        this.#isStalled = true;
      }
      // Ends early when the recording is given up.
      await pause(this.#settings.clock, RETRY_MS, this.#abort.signal);
    }
    return false;
  }

  #retire(group: readonly Block[], fsyncMs: number): void {
    this.#sealed.splice(0, group.length);
    let bytes = 0;
    let records = 0;
    for (const block of group) {
      this.#written = block.segment;
      bytes += block.length;
      records += block.records;
      this.#slabs.give(block.release());
    }
    this.#committed += bytes;
    this.#durable.reached(this.#committed);
    this.#room.reached(this.#committed);
    this.#settings.onCommit({ records, bytes, fsyncMs });
  }
}
