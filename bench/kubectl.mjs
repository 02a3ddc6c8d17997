/**
 * A watch over plain HTTP, to the disk: Faro beside `kubectl get --raw`, which copies the bytes, and `kubectl get -w -o json`.
 *
 *   node bench/kubectl.mjs [--sizes=10,60] [--rounds=3]
 *
 * Each runs with a short and with a long stream, in megabytes; the difference is the cost of the bytes between. Prints a line of JSON. A
 * run of Faro counts only when its recording is whole. Needs Linux (`/proc`) and kubectl.
 */
import { versionOf } from "./corpus.mjs";
import { faro, measureWith, slope } from "./harness.mjs";
import { kubectlProgram, kubectlUntil } from "./peers/kubectl.mjs";
import { option } from "./processes.mjs";
import { byTurns, compare, print } from "./turns.mjs";

const [SHORT, LONG] = option("sizes", "10,60").split(",");

const kubectl = kubectlProgram();
if (kubectl !== undefined) {
  const raw = "/api/v1/namespaces/bench/pods?watch=true";
  const programs = {
    faro,
    raw: (run) => kubectlUntil(kubectl, run, ["get", "--raw", raw], ({ size }) => size >= run.bytes),
    json: (run) =>
      kubectlUntil(kubectl, run, ["get", "pods", "-w", "-o", "json"], ({ tail }) =>
        tail.includes(`"${versionOf(run.events - 1)}"`),
      ),
  };
  const both = Object.entries(programs).map(([name, run]) => [
    name,
    async () => slope(await sized(run, SHORT), await sized(run, LONG)),
  ]);
  const taken = await byTurns(Object.fromEntries(both), Number(option("rounds", 3)));
  print("kubectl", {
    cpu_ms_per_mb: compare(taken, ({ msPerMb }) => msPerMb),
    changes_per_s: compare(taken, ({ eventsPerSecond }) => eventsPerSecond),
  });
}

function sized(run, mb) {
  return measureWith(run, { BENCH_KIND: "pods", BENCH_PLAIN: "1", BENCH_MB: mb });
}
