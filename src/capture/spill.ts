/** Overflow of one lane on disk: appended by a full lane, read back in order, emptied when all was read. */
import { closeSync, ftruncateSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import type { Stamp } from "../base/index.ts";
import type { Arrival } from "./lane.ts";

/** One batch read back; small enough to stay within a lane's memory. */
const BATCH = 256;

/** What is remembered of an item whose bytes are on disk: enough to say that it was lost. */
export interface SpilledArrival {
  readonly stamp: Stamp;
  readonly scope: string;
  readonly uid: string;
}

export class Spill {
  readonly #path: string;
  #file: number | undefined;
  /** Where each item that was not read back begins and ends. */
  #spans: { readonly start: number; readonly end: number; readonly arrival: SpilledArrival }[] = [];
  #end = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** @throws what `node:fs` throws: the disk is full or gone. */
  write(arrival: Arrival): void {
    this.#file ??= openSync(this.#path, "w+", 0o600);
    const bytes = encode(arrival);
    for (let done = 0; done < bytes.length;) done += writeSync(this.#file, bytes, done, bytes.length - done, this.#end + done);
    const uid = arrival.arrival === "object" ? arrival.object.uid : arrival.uid;
    const remembered = { stamp: arrival.stamp, scope: arrival.scope, uid };
    this.#spans.push({ start: this.#end, end: this.#end + bytes.length, arrival: remembered });
    this.#end += bytes.length;
  }

  /** The next items in the order of writing; none when all were read. */
  take(): Arrival[] {
    const file = this.#file;
    if (file === undefined) return [];
    const arrivals = this.#spans.slice(0, BATCH).map(({ start, end }) => {
      const bytes = Buffer.allocUnsafe(end - start);
      for (let done = 0; done < bytes.length;) done += readSync(file, bytes, done, bytes.length - done, start + done);
      return decode(bytes);
    });
    this.#spans.splice(0, arrivals.length);
    if (this.#spans.length === 0) {
      ftruncateSync(file, 0);
      this.#end = 0;
    }
    return arrivals;
  }

  /** Forgets what cannot be read back, and says what that was. The next item begins a new file. */
  giveUp(): readonly SpilledArrival[] {
    const lost = this.#spans.map(({ arrival }) => arrival);
    this.#spans = [];
    this.#end = 0;
    this.close();
    return lost;
  }

  close(): void {
    if (this.#file === undefined) return;
    closeSync(this.#file);
    rmSync(this.#path, { force: true });
    this.#file = undefined;
  }
}

/** Head as JSON, a newline, the object's bytes. What was parsed is parsed again. */
function encode(arrival: Arrival): Buffer {
  if (arrival.arrival === "vanished") return Buffer.from(`${JSON.stringify(arrival)}\n`);
  const { object, ...rest } = arrival;
  const { raw, parsed: _parsed, slices: _slices, stencil: _stencil, ...identity } = object;
  return Buffer.concat([Buffer.from(`${JSON.stringify({ ...rest, object: identity })}\n`), raw]);
}

function decode(bytes: Buffer): Arrival {
  const newline = bytes.indexOf(0x0a);
  // Written by `encode` in this very process; nobody else writes the file.
  const head = JSON.parse(bytes.toString("utf8", 0, newline)) as Arrival;
  if (head.arrival === "vanished") return head;
  const raw = bytes.subarray(newline + 1);
  return { ...head, object: { ...head.object, raw, parsed: JSON.parse(raw.toString("utf8")) } };
}
