/** Wrong answers to a request, ready to compose: refusals, foreign answers, odd headers, lists that are not in order. */
import type { Clock } from "../base/index.ts";
import type { FaultHooks, WholeAnswer } from "./faults.ts";
import { isObject } from "./json-value.ts";
import { errorLine } from "./out-stream.ts";
import { status, type StatusDetails } from "./status.ts";

/** A Status instead of the answer; `retryAfterSeconds` of the details is a header too. */
export function refuse(code: number, reason: string, message: string, details?: StatusDetails): FaultHooks {
  const seconds = details?.retryAfterSeconds;
  const headers = seconds === undefined ? {} : { "retry-after": String(seconds) };
  return { onRequest: () => ({ fault: "respond", status: code, headers, body: status(code, reason, message, details) }) };
}

/** What priority and fairness says when its queues are full (apiserver `filters/priority-and-fairness.go tooManyRequests`). */
export function tooManyRequests(retryAfterSeconds: number = 1): FaultHooks {
  const headers = { "retry-after": String(retryAfterSeconds), "content-type": "text/plain; charset=utf-8" };
  const body = "Too many requests, please try again later.\n";
  return { onRequest: () => ({ fault: "respond", status: 429, headers, body }) };
}

/** The answer to credentials that are not valid any more. */
export function unauthorized(): FaultHooks {
  return refuse(401, "Unauthorized", "Unauthorized");
}

/** What the API server says for an aggregated API whose server is away (kube-aggregator `handler_proxy.go`). */
export function unavailable(): FaultHooks {
  return { onRequest: () => ({ fault: "respond", status: 503, body: "service unavailable\n" }) };
}

/** A page of a proxy in between. */
export function htmlPage(code: number = 504): FaultHooks {
  const body = `<html>\r\n<head><title>${code} Gateway Time-out</title></head>\r\n<body></body>\r\n</html>\r\n`;
  return { onRequest: () => ({ fault: "respond", status: code, headers: { "content-type": "text/html" }, body }) };
}

/** A protobuf body, whatever was asked for. */
export function protobuf(): FaultHooks {
  const headers = { "content-type": "application/vnd.kubernetes.protobuf" };
  const body = Buffer.from('k8s\0\n\x0f\n\x02v1\x12\tConfigMap\x12\0\x1a\0"\0', "latin1");
  return { onRequest: () => ({ fault: "respond", status: 200, headers, body }) };
}

/** A table, whatever was asked for. */
export function table(): FaultHooks {
  return { onRequest: () => ({ fault: "accept", accept: "application/json;as=Table;v=v1;g=meta.k8s.io" }) };
}

/** Deprecation or admission warnings, one header each (RFC 7234 section 5.5, code 299). */
export function warnings(...texts: readonly string[]): FaultHooks {
  return { onRequest: () => ({ fault: "headers", headers: { warning: texts.map((text) => `299 - ${JSON.stringify(text)}`) } }) };
}

/** A header of so many bytes, and one that comes twice. */
export function oddHeaders(bytes: number): FaultHooks {
  const headers = { "x-padding": "x".repeat(bytes), "cache-control": ["no-cache, private", "no-cache, private"] };
  return { onRequest: () => ({ fault: "headers", headers }) };
}

/** A watch that opens, says at once that something is wrong, and ends: a 410 loop when it comes every time. */
export function errorAtOpening(
  code: number = 410,
  reason: string = "Expired",
  message: string = "too old resource version",
): FaultHooks {
  const body = errorLine(status(code, reason, message)).toString("utf8");
  const headers = { "content-type": "application/json" };
  return { onRequest: ({ verb }) => (verb === "watch" ? { fault: "respond", status: 200, headers, body } : undefined) };
}

/** A list or object whose body breaks off: with a clean end that looks complete, or with RST. */
export function truncated(bytes: number, how: "end" | "reset" = "end"): FaultHooks {
  return { onRequest: ({ verb }) => (verb === "watch" ? undefined : { fault: "truncate", bytes, how }) };
}

/** Lists in random order. */
export function unsorted(clock: Clock): FaultHooks {
  return onLists((items) =>
    items
      .map((item) => ({ item, at: clock.random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ item }) => item),
  );
}

/** Lists that name this share of their items twice, the second time at the end. */
export function repeated(clock: Clock, share: number): FaultHooks {
  return onLists((items) => [...items, ...items.filter(() => clock.random() < share)]);
}

/** A watch that begins some revisions earlier than asked: what the client has comes again. */
export function rewound(revisions: number): FaultHooks {
  return { onRequest: ({ verb }) => (verb === "watch" ? { fault: "rewind", revisions } : undefined) };
}

/** Discovery documents as they were up to `ms` ago. */
export function staleDiscovery(clock: Clock, ms: number): FaultHooks {
  const kept = new Map<string, { readonly at: number; readonly answer: WholeAnswer }>();
  return {
    onRequest({ target, url, headers }) {
      if (target.kind !== "document" || !url.startsWith("/api")) return undefined;
      const key = `${url} ${headers["accept"]}`;
      const remember = (answer: WholeAnswer): WholeAnswer => {
        const old = kept.get(key);
        if (old !== undefined && clock.monotonic() - old.at < ms) return old.answer;
        if (answer.status === 200) kept.set(key, { at: clock.monotonic(), answer });
        return answer;
      };
      return { fault: "rewrite", rewrite: remember };
    },
  };
}

function onLists(change: (items: readonly unknown[]) => readonly unknown[]): FaultHooks {
  const rewrite = (answer: WholeAnswer): WholeAnswer => {
    if (answer.status !== 200) return answer;
    const list: unknown = JSON.parse(answer.body.toString("utf8"));
    if (!isObject(list) || !Array.isArray(list["items"])) return answer;
    return { ...answer, body: Buffer.from(JSON.stringify({ ...list, items: change(list["items"]) })) };
  };
  return { onRequest: ({ verb }) => (verb === "list" ? { fault: "rewrite", rewrite } : undefined) };
}
