/** The floor for following logs: BENCH_STREAMS requests of `node:http` that throw away what comes. Ends at SIGINT, or after BENCH_BYTES bytes. */
import { Agent, get } from "node:http";

const agent = new Agent({ maxSockets: Infinity });
let left = Number(process.env.BENCH_BYTES ?? Infinity);
for (let at = 0; at < Number(process.env.BENCH_STREAMS); at++) {
  const path = `/api/v1/namespaces/bench/pods/pod-${at}/log?container=app&follow=true&timestamps=true`;
  get(new URL(path, process.env.BENCH_SERVER), { agent }, (response) =>
    response.on("data", ({ length }) => {
      left -= length;
      if (left <= 0) process.exit(0);
    }),
  );
}
process.once("SIGINT", () => process.exit(0));
