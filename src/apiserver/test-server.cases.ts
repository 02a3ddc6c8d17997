/** A server for one test: virtual time, closed when the test ends, and readers for what it answers. */
import { onTestFinished } from "vitest";
import { LineSplitter, VirtualClock } from "../base/index.ts";
import { ClusterHistory } from "./history.ts";
import { isObject, textAt } from "./json-value.ts";
import type { KubeObject } from "./kube-object.ts";
import { ContainerLogs } from "./logs.ts";
import { type ApiServer, type ApiServerOptions, startApiServer } from "./server.ts";

export interface TestServer {
  readonly server: ApiServer;
  readonly history: ClusterHistory;
  readonly logs: ContainerLogs;
  readonly clock: VirtualClock;
  /** GET, with the body decoded when it is JSON. */
  get(
    path: string,
    headers?: Readonly<Record<string, string>>,
  ): Promise<{ readonly status: number; readonly headers: Headers; readonly body: unknown; readonly text: string }>;
  /** Opens a stream and reads it line by line. */
  open(path: string, headers?: Readonly<Record<string, string>>): Promise<LineReader>;
}

export async function openServer(options: Partial<ApiServerOptions> = {}): Promise<TestServer> {
  const clock = new VirtualClock();
  const history = new ClusterHistory({ clock });
  const logs = new ContainerLogs();
  const server = await startApiServer({ history, logs, clock, ...options });
  onTestFinished(() => server.close());
  return {
    server,
    history,
    logs,
    clock,
    async get(path, headers = {}) {
      const response = await fetch(`${server.url}${path}`, { headers });
      const text = await response.text();
      const isJson = response.headers.get("content-type")?.startsWith("application/json") === true && text !== "";
      return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined };
    },
    async open(path, headers = {}) {
      const abort = new AbortController();
      onTestFinished(() => abort.abort());
      return new LineReader(await fetch(`${server.url}${path}`, { headers, signal: abort.signal }), abort);
    },
  };
}

/** The lines of a streaming answer. */
export class LineReader {
  readonly response: Response;
  readonly #abort: AbortController;
  readonly #lines: AsyncGenerator<string>;

  constructor(response: Response, abort: AbortController) {
    this.response = response;
    this.#abort = abort;
    this.#lines = linesOf(response);
  }

  /** The next line, or `undefined` at a clean end. Rejects when the connection breaks. */
  async next(): Promise<string | undefined> {
    const next = await this.#lines.next();
    return next.done === true ? undefined : next.value;
  }

  /** The next line of a watch as `TYPE name@resourceVersion`. */
  async change(): Promise<string | undefined> {
    const line = await this.next();
    if (line === undefined) return undefined;
    const value: unknown = JSON.parse(line);
    if (!isObject(value) || !isObject(value["object"])) return line;
    const { object } = value;
    const metadata = isObject(object["metadata"]) ? object["metadata"] : {};
    if (value["type"] === "ERROR") return `ERROR ${String(object["code"])} ${String(object["message"])}`;
    const mark = isObject(metadata["annotations"]) && metadata["annotations"]["k8s.io/initial-events-end"] === "true" ? "!" : "";
    return `${String(value["type"])}${mark} ${textAt(metadata, "name") ?? "-"}@${String(metadata["resourceVersion"])}`;
  }

  /** The next `count` changes. */
  async changes(count: number): Promise<readonly (string | undefined)[]> {
    const changes: (string | undefined)[] = [];
    while (changes.length < count) changes.push(await this.change());
    return changes;
  }

  close(): void {
    this.#abort.abort();
  }
}

async function* linesOf(response: Response): AsyncGenerator<string> {
  const splitter = new LineSplitter();
  for await (const chunk of response.body ?? []) {
    for (const line of splitter.push(Buffer.from(chunk))) yield line.toString("utf8");
  }
  const rest = splitter.rest();
  if (rest.length > 0) yield rest.toString("utf8");
}

/** A ConfigMap: the smallest object there is. */
export function configMap(name: string, value: string = "1", namespace: string = "default"): KubeObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace, labels: { value } }, data: { value } };
}

/** A reference to it. */
export function configMapRef(name: string): {
  readonly apiVersion: "v1";
  readonly kind: "ConfigMap";
  readonly namespace: "default";
  readonly name: string;
} {
  return { apiVersion: "v1", kind: "ConfigMap", namespace: "default", name };
}
