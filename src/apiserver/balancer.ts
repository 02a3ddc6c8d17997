/** One address for several servers: round robin over requests in the process, over connections with sockets. */
import { connect, createServer, type Socket } from "node:net";
import type { LocalApiServer, LocalRequest } from "./local-server.ts";
import { ConnectionError, type LocalResponse } from "./local-sink.ts";

export interface BalancerOptions {
  /** True: servers that are down or draining are left out. False (unless given): every one gets its share. */
  readonly checksHealth?: boolean;
}

export interface LocalBalancer {
  /** @throws ConnectionError when it is the turn of a server that is down, or none is left. */
  exchange(request: LocalRequest): Promise<LocalResponse>;
}

/** Requests in turn over servers in the same process. */
export function roundRobin(servers: readonly LocalApiServer[], options: BalancerOptions = {}): LocalBalancer {
  let turn = 0;
  return {
    exchange(request) {
      const able = options.checksHealth === true ? servers.filter(isHealthy) : servers;
      const server = able[turn++ % Math.max(1, able.length)];
      return server === undefined ? Promise.reject(new ConnectionError("ECONNREFUSED")) : server.exchange(request);
    },
  };
}

export interface Balancer {
  /** `http://127.0.0.1:40123`. */
  readonly url: string;
  close(): Promise<void>;
}

/** Connections in turn over ports on 127.0.0.1; a port that refuses gives a reset, as from a balancer without health checks. */
export async function startBalancer(servers: readonly { readonly port: number }[]): Promise<Balancer> {
  let turn = 0;
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const backend = servers[turn++ % Math.max(1, servers.length)];
    if (backend === undefined) return void client.resetAndDestroy();
    const upstream = connect({ port: backend.port, host: "127.0.0.1", allowHalfOpen: true });
    for (const [from, to] of [[client, upstream] as const, [upstream, client] as const]) {
      open.add(from);
      from.pipe(to);
      from.on("error", () => to.resetAndDestroy());
      from.on("close", () => open.delete(from));
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the balancer has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

function isHealthy(server: LocalApiServer): boolean {
  return server.state === "ready" || server.state === "initialising";
}
