/** A server in the process for one test, and readers of what it answers. */
import { onTestFinished } from "vitest";
import { VirtualClock } from "../base/index.ts";
import { ClusterHistory } from "./history.ts";
import { type LocalApiServer, localApiServer } from "./local-server.ts";
import { ContainerLogs } from "./logs.ts";
import type { ServiceOptions } from "./service.ts";

export const LIST: string = "/api/v1/namespaces/default/configmaps";
export const WATCH: string = `${LIST}?watch=true&allowWatchBookmarks=true`;
export const EVENTS: string = "/api/v1/namespaces/default/events?watch=true";

export interface World {
  readonly clock: VirtualClock;
  readonly history: ClusterHistory;
  readonly logs: ContainerLogs;
  readonly server: LocalApiServer;
}

export function world(options: Partial<ServiceOptions> | ((clock: VirtualClock) => Partial<ServiceOptions>) = {}): World {
  const clock = new VirtualClock();
  const history = new ClusterHistory({ clock });
  const logs = new ContainerLogs();
  const server = localApiServer({ history, logs, clock, ...(typeof options === "function" ? options(clock) : options) });
  onTestFinished(() => server.close());
  return { clock, history, logs, server };
}

export interface Seen {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Revision and names of a list: `3 a b`. */
  readonly list: string;
}

export async function get(server: Pick<LocalApiServer, "exchange">, url: string): Promise<Seen> {
  const { status, headers, body } = await server.exchange({ url });
  let text = "";
  for await (const chunk of body) text += chunk.toString("utf8");
  return { status, headers, body: text, list: headers["content-type"] === "application/json" ? summary(text) : text };
}

function summary(text: string): string {
  const { metadata, items = [] } = JSON.parse(text);
  return `${metadata.resourceVersion} ${items.map((item: { metadata: { name: string } }) => item.metadata.name).join(" ")}`.trim();
}

/** What a watch has shown so far; `end` or the code of a break at last. */
export function follow(server: LocalApiServer, url: string): readonly string[] {
  const seen: string[] = [];
  const read = async (): Promise<void> => {
    try {
      const { status, body } = await server.exchange({ url });
      if (status !== 200) seen.push(String(status));
      for await (const chunk of body) {
        const { type, object } = JSON.parse(chunk.toString("utf8"));
        const mark = object.metadata?.annotations?.["k8s.io/initial-events-end"] === "true" ? "!" : "";
        seen.push(
          type === "ERROR"
            ? `ERROR ${object.code}`
            : `${type}${mark} ${object.metadata.name ?? "-"}@${object.metadata.resourceVersion}`,
        );
      }
      seen.push("end");
    } catch (error) {
      seen.push(error instanceof Error && "code" in error ? String(error.code) : String(error));
    }
  };
  void read();
  return seen;
}

/** A whole body. */
export async function bytesOf(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
