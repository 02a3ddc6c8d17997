/** A bearer token that something else keeps fresh in a file: `transport/token_source.go fileTokenSource`. */
import { readFile } from "node:fs/promises";
import type { Clock } from "../../base/index.ts";
import { bearer, CredentialError, type Credentials, type CredentialSource } from "./credentials.ts";

/** client-go reads it again after a minute less a leeway of ten seconds. */
const KEEP_MS = 50_000;

export class TokenFile implements CredentialSource {
  readonly #file: string;
  readonly #clock: Clock;
  #held: { readonly credentials: Credentials; readonly readAt: number } | undefined;

  /** `fallback` is used as long as the file could never be read. */
  constructor(file: string, fallback: string | undefined, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
    if (fallback !== undefined) this.#held = { credentials: bearer(fallback), readAt: Number.NEGATIVE_INFINITY };
  }

  async current(): Promise<Credentials> {
    if (this.#held !== undefined && this.#clock.monotonic() - this.#held.readAt < KEEP_MS) return this.#held.credentials;
    return this.#read();
  }

  async refresh(rejected: Credentials): Promise<Credentials> {
    if (this.#held !== undefined && this.#held.credentials !== rejected) return this.#held.credentials;
    return this.#read();
  }

  /** A kubelet swaps the file by a symlink, so that it may be absent for a moment: then the last token stays. */
  async #read(): Promise<Credentials> {
    const token = await this.#tokenText();
    if (token === "") {
      if (this.#held !== undefined) return this.#held.credentials;
      throw new CredentialError(`token file ${this.#file} cannot be read or is empty`);
    }
    const read = bearer(token);
    const held = this.#held?.credentials;
    const credentials = held !== undefined && held.authorization === read.authorization ? held : read;
    this.#held = { credentials, readAt: this.#clock.monotonic() };
    return credentials;
  }

  async #tokenText(): Promise<string> {
    try {
      return (await readFile(this.#file, "utf8")).trim();
    } catch {
      return ""; // absent and empty mean the same here: no token to be had from the file now
    }
  }
}
