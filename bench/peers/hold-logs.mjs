/** The floor for following logs: BENCH_STREAMS requests of `node:http` that throw away what comes. Ends at SIGINT. */
import { Agent, get } from "node:http";

const agent = new Agent({ maxSockets: Infinity });
for (let at = 0; at < Number(process.env.BENCH_STREAMS); at++) {
  const path = `/api/v1/namespaces/bench/pods/pod-${at}/log?container=app&follow=true&timestamps=true`;
  get(new URL(path, process.env.BENCH_SERVER), { agent }, (response) => response.resume());
}
process.once("SIGINT", () => process.exit(0));
