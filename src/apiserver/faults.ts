/**
 * Faults on purpose: functions that are asked before a request is answered and before each line or chunk of a stream,
 * and may change what happens. Without an answer everything goes its ordinary way.
 */
import type { ApiRequest } from "./request.ts";
import type { ResponseHeaders } from "./sink.ts";
import type { TransportFault } from "./transport.ts";

/** What may happen to a request. */
export type RequestFault =
  /** Answers this instead; a body that is neither text nor a `Buffer` is sent as JSON. */
  | {
      readonly fault: "respond";
      readonly status: number;
      readonly headers?: ResponseHeaders;
      readonly body?: unknown;
    }
  /** Answers as usual, with these headers as well. */
  | { readonly fault: "headers"; readonly headers: ResponseHeaders }
  /** Answers as usual, as if the client accepted this form. */
  | { readonly fault: "accept"; readonly accept: string }
  /** Answers as usual, changed by this function. Streams are not touched. */
  | { readonly fault: "rewrite"; readonly rewrite: (answer: WholeAnswer) => WholeAnswer }
  /** A watch begins so many revisions earlier than the client asked. */
  | { readonly fault: "rewind"; readonly revisions: number }
  /** The usual answer breaks off after so many bytes: with a clean end of the body, or with RST. Streams are not touched. */
  | { readonly fault: "truncate"; readonly bytes: number; readonly how?: "end" | "reset" }
  /** Waits, then goes on. */
  | { readonly fault: "delay"; readonly ms: number }
  /** Closes the connection with RST, no answer. */
  | { readonly fault: "reset" }
  /** Never answers. */
  | { readonly fault: "hang" };

/** An answer that is no stream. */
export interface WholeAnswer {
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly body: Buffer;
}

/** What may happen at one line of a watch, or one chunk of a log. */
export type StreamFault =
  /** Ends the stream cleanly before it. */
  | { readonly fault: "end" }
  /** Sends the first `bytes` of it (half, unless given), then ends: cleanly, or with RST. */
  | { readonly fault: "cut"; readonly bytes?: number; readonly how?: "end" | "reset" }
  /** Closes the connection with RST before it. */
  | { readonly fault: "reset" }
  /** Leaves it out. */
  | { readonly fault: "drop" }
  /** Sends it behind the next one. */
  | { readonly fault: "defer" }
  /** Sends it twice. */
  | { readonly fault: "duplicate" }
  | { readonly fault: "delay"; readonly ms: number }
  /** Sends nothing any more, connection open. */
  | { readonly fault: "stall" }
  /** Sends this instead of it. */
  | { readonly fault: "replace"; readonly data: string | Buffer }
  /** Sends this before it. */
  | { readonly fault: "insert"; readonly data: string | Buffer }
  /** Sends this instead of it, and ends the stream. */
  | { readonly fault: "last"; readonly data: string | Buffer }
  /** An `ERROR` event instead of it, and the end of the stream. */
  | { readonly fault: "error"; readonly code: number; readonly reason: string; readonly message: string };

export interface StreamItem {
  readonly request: ApiRequest;
  /** Which line or chunk of this stream it is, from 0. */
  readonly index: number;
  /** What would be sent. */
  readonly data: Buffer;
  /** `ADDED`, `BOOKMARK`, … of a watch line. */
  readonly type?: string;
}

type Answer<F> = F | undefined | Promise<F | undefined>;

/** Every hook is optional. */
export interface FaultHooks {
  readonly onRequest?: (request: ApiRequest) => Answer<RequestFault>;
  /** Asked once per request, before `onRequest`; several faults lie over each other, the first nearest to the server. */
  readonly onTransport?: (request: ApiRequest) => TransportFault | readonly TransportFault[] | undefined;
  readonly onWatchEvent?: (item: StreamItem) => Answer<StreamFault>;
  readonly onLogChunk?: (item: StreamItem) => Answer<StreamFault>;
  /** The container id whose file a log request is to read instead of this one: the kubelet may know another instance. */
  readonly onLogInstance?: (request: ApiRequest, containerId: string) => string | undefined;
}

/** Asks each in turn; the first that answers decides. Faults of the transport add up. */
export function compose(...all: readonly FaultHooks[]): FaultHooks {
  return {
    onRequest: (request) => firstAnswer(all, (hooks) => hooks.onRequest?.(request)),
    onTransport: (request) => all.flatMap((hooks) => hooks.onTransport?.(request) ?? []),
    onWatchEvent: (item) => firstAnswer(all, (hooks) => hooks.onWatchEvent?.(item)),
    onLogChunk: (item) => firstAnswer(all, (hooks) => hooks.onLogChunk?.(item)),
    onLogInstance(request, containerId) {
      for (const hooks of all) {
        const other = hooks.onLogInstance?.(request, containerId);
        if (other !== undefined) return other;
      }
      return undefined;
    },
  };
}

/** Hooks that are in force for their first `count` answers, then silent. */
export function times(count: number, hooks: FaultHooks): FaultHooks {
  let left = count;
  const counted = <F>(answer: F | undefined): F | undefined => {
    if (answer === undefined || left <= 0) return undefined;
    left--;
    return answer;
  };
  const limited = <F>(ask: () => Answer<F>): Answer<F> => {
    if (left <= 0) return undefined;
    const answer = ask();
    return answer instanceof Promise ? answer.then(counted) : counted(answer);
  };
  return {
    onRequest: (request) => limited(() => hooks.onRequest?.(request)),
    onTransport: (request) => {
      const faults = left <= 0 ? [] : [hooks.onTransport?.(request) ?? []].flat();
      return counted(faults.length === 0 ? undefined : faults);
    },
    onWatchEvent: (item) => limited(() => hooks.onWatchEvent?.(item)),
    onLogChunk: (item) => limited(() => hooks.onLogChunk?.(item)),
    onLogInstance: (request, containerId) => (left <= 0 ? undefined : counted(hooks.onLogInstance?.(request, containerId))),
  };
}

/** Limits hooks to requests that `matches` accepts. */
export function when(matches: (request: ApiRequest) => boolean, hooks: FaultHooks): FaultHooks {
  return {
    onRequest: (request) => (matches(request) ? hooks.onRequest?.(request) : undefined),
    onTransport: (request) => (matches(request) ? hooks.onTransport?.(request) : undefined),
    onWatchEvent: (item) => (matches(item.request) ? hooks.onWatchEvent?.(item) : undefined),
    onLogChunk: (item) => (matches(item.request) ? hooks.onLogChunk?.(item) : undefined),
    onLogInstance: (request, containerId) => (matches(request) ? hooks.onLogInstance?.(request, containerId) : undefined),
  };
}

/** Without a promise where no hook gives one: a long stream asks for every line. */
function firstAnswer<F>(all: readonly FaultHooks[], ask: (hooks: FaultHooks) => Answer<F>): Answer<F> {
  for (const [at, hooks] of all.entries()) {
    const answer = ask(hooks);
    if (answer instanceof Promise) return answer.then((value) => value ?? firstAnswer(all.slice(at + 1), ask));
    if (answer !== undefined) return answer;
  }
  return undefined;
}
