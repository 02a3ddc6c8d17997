/** The connections of one generation of TLS material: those that wait for a request, and those on which an answer comes. */
import type { Clock } from "../base/index.ts";
import { type Answer, Connection, type Keeper } from "./connection.ts";
import type { RequestHeaders } from "./request-text.ts";
import type { Route } from "./route.ts";

interface Idle {
  readonly connection: Connection;
  readonly cancel: () => void;
}

const CLOSED: Error = Object.assign(new Error("the client is closed"), { code: "UND_ERR_DESTROYED" });

export class ConnectionPool {
  readonly #route: Route;
  readonly #clock: Clock;
  readonly #open = new Set<Connection>();
  readonly #idle: Idle[] = [];
  #isRetired = false;
  #isClosed = false;
  readonly #keeper: Keeper = {
    idle: (connection, ms) => this.#keep(connection, ms),
    gone: (connection) => this.#forget(connection),
  };

  constructor(route: Route, clock: Clock) {
    this.#route = route;
    this.#clock = clock;
  }

  /** True when it was retired and nothing is on its way any more. */
  get isDone(): boolean {
    return this.#isRetired && this.#open.size === 0;
  }

  /**
   * Sends GET for a path with its query, on a connection that waits or on a new one. Aborting ends the answer.
   * @throws what connecting failed with, what the connection broke with, or the signal's reason
   */
  async get(path: string, headers: RequestHeaders, signal: AbortSignal): Promise<Answer> {
    const request = this.#route.request(path, headers);
    const connection = this.#waiting() ?? (await this.#connected());
    if (signal.aborted) {
      connection.destroy(signal.reason);
      throw signal.reason;
    }
    const answer = await connection.send(request, signal);
    try {
      this.#route.check(answer.head.status);
    } catch (error) {
      answer.body.leave();
      throw error;
    }
    return answer;
  }

  /** Keeps no connection any more; what is on its way may finish. */
  retire(): void {
    this.#isRetired = true;
    for (const { connection, cancel } of this.#idle.splice(0)) {
      cancel();
      connection.destroy(CLOSED);
    }
  }

  /** Ends what is on its way, too. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#isRetired = true;
    for (const connection of this.#open) connection.destroy(CLOSED);
    return this.#route.close();
  }

  #waiting(): Connection | undefined {
    const last = this.#idle.pop();
    last?.cancel();
    return last?.connection;
  }

  async #connected(): Promise<Connection> {
    if (this.#isClosed) throw CLOSED;
    const socket = await this.#route.connect();
    const connection = new Connection(socket, this.#keeper);
    this.#open.add(connection);
    if (!this.#isClosed) return connection;
    connection.destroy(CLOSED);
    throw CLOSED;
  }

  #keep(connection: Connection, ms: number): void {
    if (this.#isRetired) return connection.destroy(CLOSED);
    const cancel = this.#clock.after(ms, () => connection.destroy(CLOSED));
    this.#idle.push({ connection, cancel });
  }

  #forget(connection: Connection): void {
    this.#open.delete(connection);
    const at = this.#idle.findIndex((idle) => idle.connection === connection);
    if (at === -1) return;
    this.#idle[at]?.cancel();
    this.#idle.splice(at, 1);
  }
}
