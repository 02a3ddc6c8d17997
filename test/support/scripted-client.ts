/** An `ApiClient` that answers from a script, and remembers what it was asked. For tests of everything above the network. */
import {
  ApiFailure,
  type ApiClient,
  type Failure,
  type ReadRequest,
  type ReadResponse,
  type StreamRequest,
  type StreamResponse,
} from "../../src/cluster/index.ts";

export type Asked = { readonly call: "read" | "stream"; readonly request: ReadRequest | StreamRequest };

/** One answer: a body for a read, chunks for a stream, or a failure. A stream with `hold` stays open until it is aborted. */
export type Answer =
  | { readonly body: string }
  | { readonly chunks: readonly (string | Buffer)[]; readonly after?: "end" | "hold" | Failure }
  | { readonly failure: Failure };

/** Which requests an answer is for. */
export type Matches = (path: string, call: "read" | "stream", request: ReadRequest | StreamRequest) => boolean;

export class ScriptedClient implements ApiClient {
  readonly server = "https://scripted";
  readonly asked: Asked[] = [];
  readonly #answers: ((request: ReadRequest | StreamRequest, call: "read" | "stream") => Answer | undefined)[] = [];

  /** Adds an answer for the next request that `matches`, used once. */
  next(answer: Answer, matches: Matches = () => true): this {
    let used = false;
    this.#answers.push((request, call) => {
      if (used || !matches(request.path, call, request)) return undefined;
      used = true;
      return answer;
    });
    return this;
  }

  /** Adds an answer for every request that `matches` and that nothing before it answers. */
  always(answer: Answer | ((request: ReadRequest | StreamRequest) => Answer), matches: Matches): this {
    this.#answers.push((request, call) =>
      matches(request.path, call, request) ? (typeof answer === "function" ? answer(request) : answer) : undefined,
    );
    return this;
  }

  async read(request: ReadRequest): Promise<ReadResponse> {
    request.signal?.throwIfAborted();
    const answer = this.#answer("read", request);
    if ("failure" in answer) throw new ApiFailure(`GET ${request.path}`, answer.failure);
    if (!("body" in answer)) throw new Error(`a stream is scripted for the read of ${request.path}`);
    return { status: 200, headers: {}, body: Buffer.from(answer.body) };
  }

  async stream(request: StreamRequest): Promise<StreamResponse> {
    request.signal?.throwIfAborted();
    const answer = this.#answer("stream", request);
    if ("failure" in answer) throw new ApiFailure(`GET ${request.path}`, answer.failure);
    if (!("chunks" in answer)) throw new Error(`a body is scripted for the stream of ${request.path}`);
    return { status: 200, headers: {}, body: play(answer, request) };
  }

  async close(): Promise<void> {}

  #answer(call: "read" | "stream", request: ReadRequest | StreamRequest): Answer {
    this.asked.push({ call, request });
    for (const offer of this.#answers) {
      const answer = offer(request, call);
      if (answer !== undefined) return answer;
    }
    return { failure: { kind: "network", code: "ECONNREFUSED", message: "the script has ended" } };
  }
}

async function* play(answer: Extract<Answer, { chunks: unknown }>, request: StreamRequest): AsyncGenerator<Buffer> {
  for (const chunk of answer.chunks) yield Buffer.from(chunk);
  const after = answer.after ?? "end";
  if (after === "end") return;
  if (after !== "hold") throw new ApiFailure(`GET ${request.path}`, after);
  await new Promise<void>((_, reject) => {
    const { signal } = request;
    if (signal?.aborted === true) reject(new Error("aborted"));
    signal?.addEventListener("abort", () => reject(signal.reason instanceof Error ? signal.reason : new Error("aborted")), {
      once: true,
    });
  });
}

/** Collects what an async iterable yields until `enough` says so. */
export async function collect<T>(items: AsyncIterable<T>, enough: (collected: readonly T[]) => boolean): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) {
    collected.push(item);
    if (enough(collected)) break;
  }
  return collected;
}
