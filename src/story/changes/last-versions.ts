/**
 * The version of each object that a story told last, to compare the next one with. A bounded number of bytes is held, the
 * least recently told go first; what is not held is read again from the recording.
 */
import type { ObjectRecord } from "../../record/index.ts";
import { type ParsedVersion, parseVersion } from "./parsed-version.ts";

const HELD_BYTES_MAX = 2 << 20;

interface Held {
  readonly version: ParsedVersion;
  readonly bytes: number;
}

export class LastVersions {
  readonly #held = new Map<string, Held>();
  #bytes = 0;

  /** The version that is told now. */
  parse({ uid, raw }: ObjectRecord): ParsedVersion {
    return parseVersion(raw, this.#held.get(uid)?.version);
  }

  /** The object of the last version; undefined when it is not held. */
  take(uid: string): unknown {
    const held = this.#held.get(uid);
    if (held === undefined) return undefined;
    this.#held.delete(uid);
    this.#bytes -= held.bytes;
    return held.version.value;
  }

  hold(record: ObjectRecord, version: ParsedVersion): void {
    const bytes = record.raw.length;
    this.take(record.uid);
    if (record.change === "DELETED") return;
    this.#held.set(record.uid, { version, bytes });
    this.#bytes += bytes;
    for (const [uid] of this.#held) {
      if (this.#bytes <= HELD_BYTES_MAX || this.#held.size === 1) return;
      this.take(uid);
    }
  }
}
