/** One request for the log of a container, read to its end. */
import { abortWith, field } from "../../base/index.ts";
import { type ApiClient, ApiFailure, type Failure } from "../../cluster/index.ts";
import { LineBlock } from "./line-block.ts";
import { LinePieces, type Pieces } from "./line-pieces.ts";
import { inBandErrorAt, inBandLineOf } from "./log-line.ts";

export interface LogRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly podUid: string;
  readonly container: string;
  readonly follow: boolean;
  readonly previous: boolean;
  /** Seconds since 1970, included. */
  readonly sinceSecond: number | undefined;
  /** No more than the last so many lines. */
  readonly tailLines?: number | undefined;
}

/** Lines of a connection as they come. */
export interface Batch extends Pieces {
  /** Seconds since 1970 when the answer began, by the API server's clock; with the first batch, where the server says it. */
  readonly serverSecond?: number | undefined;
}

/** How a connection ended. */
export type LogEnd =
  /** The server ended the body. `fragment` came after the last newline. `followed`: it would have gone on while the container ran. */
  | { readonly end: "eof"; readonly fragment: Buffer; readonly followed: boolean }
  /** The caller ended it, to read on later. */
  | { readonly end: "cut" }
  | { readonly end: "failed"; readonly failure: Failure }
  /** The kubelet wrote an error where lines should be. `fragment`: bytes of a line that may hold it as its own text. */
  | { readonly end: "in-band"; readonly text: string; readonly fragment: Buffer }
  /** Another pod has the name now. */
  | { readonly end: "other-pod" }
  /** The lines that were read last are not where they were. */
  | { readonly end: "misaligned" }
  /** What is new will be plain on a new connection. */
  | { readonly end: "again" }
  /** The first line was written before the instance began, or after it ended. */
  | { readonly end: "other-instance" }
  /** `signal` aborted. */
  | { readonly end: "aborted" };

/** Nothing else notices a connection that died without a word; what follows a log looks after it much sooner. */
const IDLE_MS = 60 * 60_000;

/** A container writes line by line, and each chunk is a record: what comes within a moment becomes one. */
const GATHER = { ms: 250, bytes: 64 << 10 };
/** What a container has written, and its end, has come after so long. */
export const LOG_DELAY_MS: number = GATHER.ms + 50;

const NOTHING: Buffer = Buffer.alloc(0);

/**
 * Yields batches of lines and returns how it ended. The first batch is empty: the log is open, and it is the pod's. Never
 * throws for anything that the server or the network does.
 */
export async function* readLog(client: ApiClient, request: LogRequest, signal: AbortSignal): AsyncGenerator<Batch, LogEnd> {
  const pieces = new LinePieces();
  const closing = abortWith(signal);
  try {
    const response = await client.stream({
      path: `${podPath(request)}/log`,
      query: {
        container: request.container,
        follow: request.follow || undefined,
        previous: request.previous || undefined,
        timestamps: true,
        sinceTime: request.sinceSecond === undefined ? undefined : secondText(request.sinceSecond),
        tailLines: request.tailLines,
      },
      accept: "*/*",
      signal: closing.signal,
      idleTimeoutMs: IDLE_MS,
      gather: GATHER,
    });
    // Logs are addressed by name (registry `strategy.go LogLocation`): after the answer has begun, the pod of that name must
    // still be ours. A uid never comes back, so it was ours before, too.
    if (await isOtherPod(client, request, signal)) return { end: "other-pod" };
    yield { lines: LineBlock.none, continues: false, serverSecond: secondOf(response.headers["date"]) };
    for await (const chunk of response.body) {
      for (const batch of pieces.push(chunk)) {
        const error = inBandLineOf(batch.lines);
        if (error === -1) {
          yield batch;
          continue;
        }
        if (error > 0) yield { lines: batch.lines.first(error), continues: false };
        return { end: "in-band", text: errorText(batch.lines.at(error) ?? NOTHING), fragment: NOTHING };
      }
    }
    return endOf(pieces.rest(), request.follow);
  } catch (error) {
    if (signal.aborted) return { end: "aborted" };
    if (error instanceof ApiFailure) return { end: "failed", failure: error.failure };
    throw error;
  } finally {
    // An answer whose body was not read to its end would keep its connection.
    closing.abort();
  }
}

function secondOf(date: string | undefined): number | undefined {
  const ms = date === undefined ? Number.NaN : Date.parse(date);
  return Number.isNaN(ms) ? undefined : ms / 1_000;
}

/** Leaves a log before its end, with `value` for an answer. */
export async function leave<T>(batches: AsyncGenerator<Batch, LogEnd>, value: T): Promise<T> {
  await batches.return({ end: "cut" });
  return value;
}

function endOf(fragment: Buffer, followed: boolean): LogEnd {
  const at = inBandErrorAt(fragment);
  if (at === 0) return { end: "in-band", text: errorText(fragment), fragment: NOTHING };
  return at === -1 ? { end: "eof", fragment, followed } : { end: "in-band", text: errorText(fragment.subarray(at)), fragment };
}

function errorText(line: Buffer): string {
  return line.toString("utf8", 0, 512);
}

async function isOtherPod(client: ApiClient, request: LogRequest, signal: AbortSignal): Promise<boolean> {
  try {
    const accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
    const { body } = await client.read({ path: podPath(request), accept, signal });
    const pod: unknown = JSON.parse(body.toString("utf8"));
    return field(field(pod, "metadata"), "uid") !== request.podUid;
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    // A pod that is gone has no successor of its name, and who may not read pods must do without the check.
    const status = error.failure.kind === "http" ? error.failure.status : undefined;
    if (status === 404 || status === 403) return false;
    throw error;
  }
}

export function podPath({ namespace, pod }: Pick<LogRequest, "namespace" | "pod">): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}`;
}

function secondText(second: number): string {
  return `${new Date(second * 1_000).toISOString().slice(0, 19)}Z`;
}
