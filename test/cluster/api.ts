/**
 * Writes to the API server without a process for each: plain HTTP with the admin's token, over connections that stay open. This is
 * how a test makes changes faster than kubectl can be started. Faro itself only ever reads.
 */
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { inject } from "vitest";

export interface ApiAnswer {
  readonly status: number;
  readonly body: string;
}

/** How long a server that hangs may keep a writer waiting, in milliseconds. */
const PATIENCE_MS = 5_000;

const MERGE_PATCH = "application/merge-patch+json";

/** The API server of the lane's cluster. */
export class Api {
  readonly #agent: Agent;
  readonly #server: URL;
  readonly #token: string;

  /** As the bearer of `token`; the admin, unless given. */
  constructor(token?: string) {
    const text = readFileSync(inject("cluster").kubeconfig, "utf8");
    this.#server = new URL(/server: "?([^"}\s]+)/.exec(text)?.[1] ?? "");
    this.#token = token ?? /token: "?([^"}\s]+)/.exec(text)?.[1] ?? "";
    const ca = Buffer.from(/certificate-authority-data: "?([^"}\s]+)/.exec(text)?.[1] ?? "", "base64");
    this.#agent = new Agent({ keepAlive: true, maxSockets: 8, ca });
  }

  /** Port of the API server on 127.0.0.1. */
  get port(): number {
    return Number(this.#server.port);
  }

  async read(path: string): Promise<ApiAnswer> {
    return await this.#send("GET", path);
  }

  async create(path: string, object: unknown): Promise<ApiAnswer> {
    return await this.#send("POST", path, object);
  }

  /** A JSON merge patch (RFC 7386). */
  async patch(path: string, change: unknown): Promise<ApiAnswer> {
    return await this.#send("PATCH", path, change);
  }

  async remove(path: string): Promise<ApiAnswer> {
    return await this.#send("DELETE", path);
  }

  /** True when the server says that it can serve. Never throws: a server that is away is not ready. */
  async isReady(): Promise<boolean> {
    return await this.read("/readyz").then(
      ({ status }) => status === 200,
      () => false,
    );
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(method: string, path: string, object?: unknown): Promise<ApiAnswer> {
    const body = object === undefined ? undefined : JSON.stringify(object);
    const headers = {
      authorization: `Bearer ${this.#token}`,
      ...(body === undefined ? {} : { "content-type": method === "PATCH" ? MERGE_PATCH : "application/json" }),
    };
    return new Promise((resolve, reject) => {
      const options = { agent: this.#agent, method, headers, timeout: PATIENCE_MS };
      const sent = request(new URL(path, this.#server), options, (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString("utf8") }));
        response.on("error", reject);
      });
      sent.on("timeout", () => sent.destroy(new Error(`no answer to ${method} ${path} within ${PATIENCE_MS} ms`)));
      sent.on("error", reject);
      sent.end(body);
    });
  }
}
