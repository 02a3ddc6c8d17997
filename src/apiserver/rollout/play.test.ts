import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../base/index.ts";
import { ClusterHistory, type StoredVersion } from "../history.ts";
import { listAt, numberAt, objectAt, textAt, valueAt } from "../json-value.ts";
import { ContainerLogs } from "../logs.ts";
import { playRollout, prepareCluster, type RolloutStep } from "./play.ts";
import { Seeded, templateHash } from "./seeded.ts";

interface Played {
  readonly history: ClusterHistory;
  readonly logs: ContainerLogs;
  readonly versions: readonly StoredVersion[];
  readonly steps: readonly RolloutStep[];
  readonly clock: VirtualClock;
}

async function play(speed: number = 1, signal?: AbortSignal): Promise<Played> {
  const clock = new VirtualClock();
  const history = new ClusterHistory({ clock });
  const logs = new ContainerLogs();
  prepareCluster({ history, clock });
  const versions: StoredVersion[] = [];
  history.subscribe((version) => versions.push(version));
  const steps: RolloutStep[] = [];
  const whole = (async () => {
    for await (const step of playRollout({ history, logs, clock, speed, ...(signal === undefined ? {} : { signal }) }))
      steps.push(step);
    return "over";
  })();
  while ((await Promise.race([whole, clock.advance(250)])) !== "over") expect(clock.monotonic()).toBeLessThan(120_000);
  return { history, logs, versions, steps, clock };
}

const first = play();

function compare(a: string | undefined, b: string | undefined): number {
  return String(a) < String(b) ? -1 : 1;
}

function objects(played: Played, storage: string): unknown[] {
  const snapshot = played.history.read(storage);
  return snapshot.kind === "state" ? snapshot.versions.map((version): unknown => JSON.parse(version.text)) : [];
}

describe("the play", () => {
  test("tells its story in 30 to 45 seconds", async () => {
    const { steps, clock } = await first;
    expect(steps.map((step) => step.title.replaceAll(/my-app-\w+-\w+/g, "POD"))).toEqual([
      "Deployment my-app is created: 3 replicas of registry.example/my-app:1.4.0",
      "all 3 replicas are ready and serve",
      "the image is rolled to registry.example/my-app:1.5.0",
      "the new pod POD starts",
      "its container exited with code 1 and was started again (restart 1); 3 old pods serve on",
      "its container exited with code 1 and was started again (restart 2); 3 old pods serve on",
      "the pod is in CrashLoopBackOff: 20 s until the next attempt",
      "the Deployment is rolled back to registry.example/my-app:1.4.0",
      "the rollout is complete: the 3 pods of 1.4.0 never stopped serving",
    ]);
    expect(clock.monotonic()).toBeGreaterThan(30_000);
    expect(clock.monotonic()).toBeLessThan(45_000);
  });

  test("is the same every time", async () => {
    const [one, two] = [await first, await play()];
    expect(two.versions.map((version) => version.text)).toEqual(one.versions.map((version) => version.text));
    expect(two.logs.files().map((file) => file.entries.map((entry) => `${entry.timestamp} ${entry.content.toString()}`))).toEqual(
      one.logs.files().map((file) => file.entries.map((entry) => `${entry.timestamp} ${entry.content.toString()}`)),
    );
  });

  test("runs at any speed", async () => {
    const { steps, clock } = await play(20);
    expect(steps).toHaveLength(9);
    expect(clock.monotonic()).toBeLessThan(3_000);
  });

  test("stops quietly when it is told to", async () => {
    const abort = new AbortController();
    const clock = new VirtualClock();
    const history = new ClusterHistory({ clock });
    prepareCluster({ history, clock });
    const steps = playRollout({ history, logs: new ContainerLogs(), clock, signal: abort.signal });
    expect((await steps.next()).done).toBe(false);
    const next = steps.next();
    abort.abort(new Error("enough"));
    expect((await next).done).toBe(true);
    const { revision } = history;
    await clock.advance(60_000);
    expect(history.revision).toBe(revision);
  });
});

describe("what it leaves", () => {
  test("a Deployment that is rolled back: revision 3 is the template of revision 1", async () => {
    const played = await first;
    const [deployment] = objects(played, "apps/deployments");
    expect(deployment).toMatchObject({
      metadata: {
        generation: 3,
        annotations: {
          "deployment.kubernetes.io/revision": "3",
          "kubernetes.io/change-cause": "kubectl rollout undo deployment/my-app",
        },
      },
      status: { observedGeneration: 3, replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3 },
    });
    const revisions = objects(played, "apps/replicasets").map((set) => [
      textAt(set, "metadata", "annotations", "deployment.kubernetes.io/revision"),
      numberAt(set, "spec", "replicas"),
    ]);
    expect(Object.fromEntries(revisions)).toEqual({ 2: 0, 3: 3 });
  });

  test("the old pods serve through the whole fault", async () => {
    const { versions, steps } = await first;
    const from = versions.findIndex((version) => version.at >= (steps[1]?.at ?? 0));
    const deployments = versions.slice(from).filter((version) => version.storage === "apps/deployments");
    expect(deployments.every((version) => numberAt(JSON.parse(version.text), "status", "availableReplicas") === 3)).toBe(true);
  });

  test("a crashing pod whose every state was a version", async () => {
    const { versions } = await first;
    const crashed = versions.find((version) => version.storage === "/pods" && version.change === "DELETED");
    const states = versions
      .filter((version) => version.uid === crashed?.uid)
      .map((version) => {
        const status = listAt(JSON.parse(version.text), "status", "containerStatuses")[0];
        const state = Object.keys(valueAt(status, "state") ?? { unscheduled: 1 })[0];
        return `${state}${numberAt(status, "restartCount") ?? ""}`;
      });
    expect(states.filter((state, at) => state !== states[at - 1])).toEqual([
      "unscheduled",
      "waiting0",
      "running0",
      "terminated0",
      "running1",
      "terminated1",
      "waiting1",
      "running2",
      "terminated2",
      "waiting2",
    ]);
    expect(versions.filter((version) => version.uid === crashed?.uid).at(-2)?.text).toContain('"deletionTimestamp"');
  });

  test("Events of every component, repeated ones counted", async () => {
    const events = objects(await first, "/events");
    const sources = new Set(events.map((event) => textAt(event, "source", "component") ?? textAt(event, "reportingComponent")));
    expect([...sources].toSorted(compare)).toEqual([
      "default-scheduler",
      "deployment-controller",
      "kubelet",
      "replicaset-controller",
    ]);
    const counts = Object.fromEntries(events.map((event) => [textAt(event, "reason"), numberAt(event, "count") ?? 0]));
    expect(counts).toMatchObject({ BackOff: 2, Scheduled: 0, Started: 3, ScalingReplicaSet: 1 });
  });

  test("the log of each container, in ascending time, the stack trace on stderr", async () => {
    const { logs } = await first;
    const files = logs.files();
    expect(
      files
        .map((file) => `${file.instance.container}${file.instance.restartCount}`)
        .toSorted(compare)
        .join(" "),
    ).toBe("migrate0 migrate0 migrate0 migrate0 my-app0 my-app0 my-app0 my-app1 my-app2");
    for (const file of files) {
      const stamps = file.entries.map((entry) => entry.timestamp);
      expect(stamps).toEqual([...new Set(stamps)].toSorted(compare));
      expect(stamps.every((stamp) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/.test(stamp))).toBe(true);
    }
    const crash = files.find((file) => file.instance.restartCount === 2);
    expect(crash?.entries.filter((entry) => entry.stream === "stderr").map((entry) => entry.content.toString())[1]).toMatch(
      /^ConfigError: cache\.ttl/,
    );
    expect(crash?.ended).toBe(true);
  });

  test("a slice with the three ready pods, and managed fields that say who wrote what", async () => {
    const played = await first;
    const [slice] = objects(played, "discovery.k8s.io/endpointslices");
    expect(listAt(slice, "endpoints").map((endpoint) => valueAt(endpoint, "conditions", "ready"))).toEqual([true, true, true]);
    const [pod] = objects(played, "/pods");
    expect(
      listAt(pod, "metadata", "managedFields").map(
        (entry) => `${textAt(entry, "manager")} ${textAt(entry, "subresource") ?? ""}`,
      ),
    ).toEqual(["kube-controller-manager ", "kubelet status"]);
  });
});

describe("names", () => {
  test("the same seed draws the same, the same template has the same hash", () => {
    expect(new Seeded(1).uid()).toBe(new Seeded(1).uid());
    expect(new Seeded(1).uid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(templateHash("a")).toBe(templateHash("a"));
    expect(templateHash("a")).not.toBe(templateHash("b"));
  });
});

test("the simulated cluster reacts to what others do: a smaller Deployment ends a serving pod in order", async () => {
  const clock = new VirtualClock();
  const history = new ClusterHistory({ clock });
  const logs = new ContainerLogs();
  prepareCluster({ history, clock });
  const steps = playRollout({ history, logs, clock });
  const until = async (title: string): Promise<void> => {
    for (let step = await advanceTo(clock, steps); step !== undefined; step = await advanceTo(clock, steps))
      if (step.title.includes(title)) return;
  };
  await until("all 3 replicas are ready");
  const deployment = { apiVersion: "apps/v1", kind: "Deployment", namespace: "default", name: "my-app" };
  history.modify(deployment, (object) => ({ ...object, spec: { ...objectAt(object, "spec"), replicas: 2 } }));
  await clock.advance(3_000);
  const pods = history.read("/pods");
  expect(pods.kind === "state" && pods.versions).toHaveLength(2);
  const ended = logs.files().find((file) => file.instance.container === "my-app" && file.ended);
  expect(ended?.entries.slice(-2).map((entry) => entry.content.toString())).toEqual([
    'level=info msg="received SIGTERM, draining"',
    'level=info msg="stopped" open_requests=0',
  ]);
  await steps.return(undefined);
});

/** The next step of a play, with the clock moved as far as it needs. */
async function advanceTo(clock: VirtualClock, steps: AsyncGenerator<RolloutStep>): Promise<RolloutStep | undefined> {
  const next = steps.next();
  for (;;) {
    const outcome = await Promise.race([next, clock.advance(50)]);
    if (outcome !== undefined) return outcome.done === true ? undefined : outcome.value;
  }
}
