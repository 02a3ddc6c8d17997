/** What the rest of Faro may ask of an API server: one reading call and one streaming call, both GET. */
import type { GatherBounds } from "./gather.ts";

/** Query parameters; `undefined` leaves one out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface ReadRequest {
  /** Absolute path without query: `/api/v1/namespaces/default/pods`. */
  readonly path: string;
  readonly query?: Query;
  /** `Accept` header; `application/json` unless given. */
  readonly accept?: string;
  readonly signal?: AbortSignal;
  /** The whole answer must be here by then; 60 000 unless given. */
  readonly timeoutMs?: number;
  /** For conditional reads. */
  readonly ifNoneMatch?: string;
  /** Lends so many bytes for the body; it gets memory of its own unless given. */
  readonly lend?: (bytes: number) => Buffer;
}

export interface ReadResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface StreamRequest {
  readonly path: string;
  readonly query?: Query;
  readonly accept?: string;
  readonly signal?: AbortSignal;
  /** Ends the stream with a `network` failure when no byte (nor header) arrives for so long. */
  readonly idleTimeoutMs: number;
  /** Small chunks that come shortly after one another may be joined; each comes at once unless given. */
  readonly gather?: GatherBounds;
}

/** A streaming answer with status 2xx. Iterating reads the body; leaving the loop closes the connection. */
export interface StreamResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Buffer>;
}

export interface ApiClient {
  /** `https://10.0.0.1:6443`, for messages. */
  readonly server: string;
  /** @throws ApiFailure for every answer other than 2xx and 304, and when there is none. */
  read(request: ReadRequest): Promise<ReadResponse>;
  /** @throws ApiFailure as `read`, on opening and while iterating the body. */
  stream(request: StreamRequest): Promise<StreamResponse>;
  /** Closes every idle connection and aborts the rest. */
  close(): Promise<void>;
}
