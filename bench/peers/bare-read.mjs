/** The floor: reads the bytes of a watch off a TLS connection and throws them away. Ends after BENCH_BYTES bytes. */
import { readFileSync } from "node:fs";
import { connect } from "node:tls";

const { server, ca } = JSON.parse(process.env.BENCH_SERVER);
const { hostname, port } = new URL(server);
let left = Number(process.env.BENCH_BYTES);
const socket = connect({ host: hostname, port: Number(port), ca: readFileSync(ca) }, () =>
  socket.write(`GET /api/v1/namespaces/bench/${process.env.BENCH_KIND}?watch=true HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`),
);
// Headers and the sizes of chunks count too, so it ends a little early: by less than a hundredth.
socket.on("data", (chunk) => {
  left -= chunk.length;
  if (left <= 0) process.exit(0);
});
