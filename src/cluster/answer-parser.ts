/**
 * Reads an HTTP/1.x answer out of the bytes of a connection: its head, then its body by length, by chunks, or until the connection closes.
 * It is strict: a byte that is not what must stand there ends the answer as failed, for a reader that guesses loses data without
 * knowing. `answer-parser.test.ts` compares it with Node's own parser, on whole, cut and damaged answers.
 *
 * It copies the body out of what it is given, which the next read overwrites: one buffer serves all connections. With undici's
 * streams a followed log took 59 KB (`bench/streams.mjs`).
 */
import { type AnswerHead, CHUNK_EXTENSIONS, FramingError, readField, readHead } from "./answer-head.ts";

/** Of a head, of those that announce it, and of the trailers: Go's servers send no more than some hundred bytes. */
const HEAD_BYTES_MAX = 64 << 10;
const EXTENSION_BYTES_MAX = 1 << 10;
const CHUNK_BYTES_MAX = 0xffff_ffff;
const CHUNK_DIGITS_MAX = 16;

const CR = 13;
const LF = 10;
const SEMICOLON = 59;
const START = "HTTP/1.";
const NOTHING: Buffer = Buffer.alloc(0);

/** What the next byte belongs to. */
type Place =
  | "head"
  | "sized body"
  | "body until close"
  | "chunk size"
  | "chunk extension"
  | "chunk size LF"
  | "chunk"
  | "chunk CR"
  | "chunk LF"
  | "trailers"
  | "over"
  | "failed";

export class AnswerParser {
  #place: Place = "head";
  /** Of a head, a chunk's extensions or trailers: what has come of it, as latin1. */
  #text = "";
  /** Bytes of heads and trailers so far. */
  #headBytes = 0;
  #digits = 0;
  /** Bytes of the chunk, or of the body, that are still to come. */
  #left = 0;
  #head: AnswerHead | undefined;
  #failure: Error | undefined;

  /** Once it has come whole. */
  get head(): AnswerHead | undefined {
    return this.#head;
  }

  /** True when the answer is whole. */
  get isOver(): boolean {
    return this.#place === "over";
  }

  /** Why nothing that comes from now on can be part of the answer. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** The bytes of the body among `input`, which stay the caller's. What stood before a failure is given out. */
  push(input: Buffer): Buffer {
    const body = new Collected(input.length);
    try {
      let at = 0;
      while (at < input.length) at = this.#step(input, at, body);
    } catch (error) {
      this.#fail(error);
    }
    return body.bytes();
  }

  /** The other side has closed the connection. */
  close(): void {
    if (this.#place === "body until close") this.#place = "over";
    else if (this.#place !== "over") this.#fail(Object.assign(new Error("other side closed"), { code: "UND_ERR_SOCKET" }));
  }

  #fail(error: unknown): void {
    this.#place = "failed";
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
  }

  /** Reads on from `at`; returns where it stopped. */
  #step(input: Buffer, at: number, body: Collected): number {
    switch (this.#place) {
      case "chunk":
      case "sized body": {
        const end = Math.min(input.length, at + this.#left);
        body.add(input, at, end);
        this.#left -= end - at;
        if (this.#left === 0) this.#place = this.#place === "chunk" ? "chunk CR" : "over";
        return end;
      }
      case "chunk CR":
        return this.#expect(input, at, CR, "chunk LF");
      case "chunk LF":
        this.#digits = 0;
        return this.#expect(input, at, LF, "chunk size");
      case "chunk size":
        return this.#size(input, at);
      case "chunk size LF":
        this.#headBytes = 0;
        return this.#expect(input, at, LF, this.#left > 0 ? "chunk" : "trailers");
      case "chunk extension":
        return this.#extension(input, at);
      case "head":
      case "trailers":
        return this.#lines(input, at);
      case "body until close":
        body.add(input, at, input.length);
        return input.length;
      case "over":
        throw new FramingError("HPE_INVALID_CONSTANT", "bytes behind its end");
      case "failed":
        return input.length;
    }
  }

  #expect(input: Buffer, at: number, byte: number, then: Place): number {
    if (input[at] !== byte) throw new FramingError("HPE_STRICT", "no end of line where one must stand");
    this.#place = then;
    return at + 1;
  }

  #size(input: Buffer, from: number): number {
    for (let at = from; at < input.length; at++) {
      const byte = input[at] ?? 0;
      const digit = hexDigit(byte);
      if (digit === -1) {
        if (this.#digits === 0 || (byte !== CR && byte !== SEMICOLON))
          throw new FramingError("HPE_INVALID_CHUNK_SIZE", "the size of a chunk");
        this.#place = byte === CR ? "chunk size LF" : "chunk extension";
        return byte === CR ? at + 1 : at;
      }
      this.#left = this.#digits === 0 ? digit : this.#left * 16 + digit;
      if (++this.#digits > CHUNK_DIGITS_MAX || this.#left > CHUNK_BYTES_MAX)
        throw new FramingError("HPE_INVALID_CHUNK_SIZE", "a chunk that is too large");
    }
    return input.length;
  }

  #extension(input: Buffer, at: number): number {
    const end = input.indexOf(CR, at);
    const until = end === -1 ? input.length : end;
    this.#text += input.toString("latin1", at, until);
    if (this.#text.length > EXTENSION_BYTES_MAX)
      throw new FramingError("HPE_CHUNK_EXTENSIONS_OVERFLOW", "the extensions of a chunk");
    if (end === -1) return until;
    if (!CHUNK_EXTENSIONS.test(this.#text)) throw new FramingError("HPE_STRICT", "the extensions of a chunk");
    this.#text = "";
    this.#place = "chunk size LF";
    return end + 1;
  }

  /** Lines of a head or of trailers up to the empty one. */
  #lines(input: Buffer, from: number): number {
    for (let at = from; ;) {
      const end = input.indexOf(LF, at);
      const until = end === -1 ? input.length : end + 1;
      this.#headBytes += until - at;
      if (this.#headBytes > HEAD_BYTES_MAX) throw new FramingError("UND_ERR_HEADERS_OVERFLOW", "a head above 64 KB");
      this.#text += input.toString("latin1", at, until);
      if (this.#place === "head" && !START.startsWith(this.#text.slice(0, START.length)))
        throw new FramingError("HPE_INVALID_CONSTANT", "its first bytes");
      if (end === -1) return until;
      at = until;
      if (!this.#text.endsWith("\r\n")) throw new FramingError("HPE_STRICT", "a line that ends without CR");
      const isEmpty = this.#text === "\r\n";
      if (!isEmpty && !this.#text.endsWith("\r\n\r\n")) continue;
      const text = isEmpty ? "" : this.#text.slice(0, -4);
      this.#text = "";
      if (this.#place === "head") this.#headed(text);
      else this.#trailed(text);
      return at;
    }
  }

  #headed(text: string): void {
    const head = readHead(text);
    if (head.status === 101) throw new FramingError("UND_ERR_SOCKET", "another protocol that was not asked for");
    if (head.status < 200) {
      if (!head.isKept) throw new FramingError("HPE_CLOSED_CONNECTION", "it announces an answer and says that none follows");
      return;
    }
    this.#head = head;
    const { framing } = head;
    this.#left = framing.by === "length" ? framing.bytes : 0;
    if (framing.by === "length") this.#place = framing.bytes === 0 ? "over" : "sized body";
    else this.#place = framing.by === "chunks" ? "chunk size" : "body until close";
  }

  #trailed(text: string): void {
    for (const line of text === "" ? [] : text.split("\r\n")) {
      const [name] = readField(line);
      if (name === "content-length" || name === "transfer-encoding")
        throw new FramingError("HPE_INVALID_HEADER_TOKEN", "framing behind its body");
    }
    this.#place = "over";
  }
}

/** Bytes of the body out of one read. */
class Collected {
  readonly #most: number;
  #room: Buffer | undefined;
  #length = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add(input: Buffer, from: number, to: number): void {
    // As much as may still come: the first piece decides, and most reads hold nothing but body.
    this.#room ??= Buffer.allocUnsafe(this.#most - from);
    this.#length += input.copy(this.#room, this.#length, from, to);
  }

  bytes(): Buffer {
    return this.#room === undefined ? NOTHING : this.#room.subarray(0, this.#length);
  }
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
