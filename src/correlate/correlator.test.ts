import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FaroRecord } from "../record/index.ts";
import { Correlator } from "./correlator.ts";
import { DEPLOYMENTS, eventAbout, logEnd, logLine, logStream, object, START, uidOf } from "./records.cases.ts";
import type { CorrelationStep, CorrelatorOptions } from "./types.ts";

const WEB = "deployment-deployment-web";
const rollout: readonly FaroRecord[] = [
  object("Deployment/web"),
  object("ReplicaSet/web-1", { owners: ["Deployment/web"] }),
  object("Pod/web-1-a", { owners: ["ReplicaSet/web-1"] }),
  eventAbout("web-1-a.1", "Pod/web-1-a"),
  logStream("s1", "Pod/web-1-a"),
];

function correlator(options: Partial<CorrelatorOptions> = {}): Correlator {
  return new Correlator({ selection: DEPLOYMENTS, correlationTimeoutMs: 60_000, ...options });
}

function feed(to: Correlator, ...records: readonly FaroRecord[]): CorrelationStep[] {
  return records.map((record) => to.accept(record));
}

/** The last attribution of each uid, as a reader of the recording would take it. */
function attributions(steps: readonly CorrelationStep[]): Record<string, { stories: readonly string[]; relation: string }> {
  const found: Record<string, { stories: readonly string[]; relation: string }> = {};
  for (const record of steps.flatMap((step) => step.records)) {
    if (record.type === "attribution") found[record.uid] = { stories: record.stories, relation: record.relation };
  }
  return found;
}

function storyStates(steps: readonly CorrelationStep[]): string[] {
  return steps
    .flatMap((step) => step.records)
    .flatMap((record) => {
      return record.type === "story"
        ? [`${record.state}${record.because === undefined ? "" : ` ${record.because}`} ${record.story}`]
        : [];
    });
}

function permutations<T>(of: readonly T[]): T[][] {
  if (of.length <= 1) return [[...of]];
  return of.flatMap((first, at) => permutations(of.toSpliced(at, 1)).map((rest) => [first, ...rest]));
}

describe("attribution", () => {
  const expected = {
    "deployment-web": { stories: [WEB], relation: "selected" },
    "replicaset-web-1": { stories: [WEB], relation: "owned by Deployment/web (uid deployment-web)" },
    "pod-web-1-a": { stories: [WEB], relation: "owned by ReplicaSet/web-1 (uid replicaset-web-1)" },
    "event-web-1-a.1": { stories: [WEB], relation: "about Pod/web-1-a (uid pod-web-1-a)" },
  };

  test("is the same in all 120 orders of arrival", () => {
    for (const order of permutations(rollout)) {
      const each = correlator();
      const steps = feed(each, ...order);
      expect(attributions(steps)).toEqual(expected);
      expect(each.accept(logLine("s1")).stories).toEqual([WEB]);
      expect(each.accept(logEnd("s1")).stories).toEqual([WEB]);
      expect(storyStates(steps)).toEqual([`opened ${WEB}`]);
      expect(steps.flatMap((step) => step.wants).filter(({ want }) => want === "logs")).toEqual([
        { want: "logs", podUid: "pod-web-1-a", namespace: "default", pod: "web-1-a" },
      ]);
    }
  });

  test("is the same when a finished recording is read again, its own records included", () => {
    const first = correlator();
    const recording: FaroRecord[] = [];
    const steps: CorrelationStep[] = [];
    for (const record of rollout.toReversed()) {
      const step = first.accept(record);
      steps.push(step);
      recording.push(record, ...step.records.map((caused) => ({ ...caused, seq: 0, at: record.at })));
    }
    expect(attributions(feed(correlator(), ...recording))).toEqual(attributions(steps));
  });

  test("of any graph is the same in any order", () => {
    const kinds = ["Deployment", "ReplicaSet", "Pod", "Service"] as const;
    const ids = Array.from({ length: 8 }, (_, at) => `${kinds[at % kinds.length] ?? "Pod"}/n${at}`);
    const graph = fc.array(fc.record({ child: fc.nat(7), owners: fc.uniqueArray(fc.nat(7), { maxLength: 3 }) }), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(graph, fc.infiniteStream(fc.nat()), (edges, draws) => {
        const selection = { ...DEPLOYMENTS, resources: ["deployments.v1.apps", "pods.v1"] };
        const ownersOf = new Map(edges.map(({ child, owners }) => [child, owners]));
        const records = ids.flatMap((id, at) => [
          object(id, { owners: (ownersOf.get(at) ?? []).map((owner) => ids[owner] ?? "") }),
          eventAbout(`e${at}`, id),
        ]);
        const shuffled = records.map((record) => ({ record, key: draws.next().value ?? 0 })).sort((a, b) => a.key - b.key);
        const [inOrder, inDisorder] = [correlator({ selection }), correlator({ selection })];
        const a = attributions(feed(inOrder, ...records));
        const b = attributions(feed(inDisorder, ...shuffled.map(({ record }) => record)));
        for (const record of records) {
          expect(inDisorder.storiesOf(record.uid)).toEqual(inOrder.storiesOf(record.uid));
          expect(a[record.uid]?.stories ?? []).toEqual(inOrder.storiesOf(record.uid));
          if (inOrder.storiesOf(record.uid).length > 0) expect(b[record.uid]).toEqual(a[record.uid]);
        }
        expect(
          inDisorder
            .openStories()
            .map(({ story }) => story)
            .sort(),
        ).toEqual(
          inOrder
            .openStories()
            .map(({ story }) => story)
            .sort(),
        );
      }),
      { numRuns: 300 },
    );
  });

  test("reaches any depth and any kind", () => {
    const chain = ["Deployment/web", "Widget/a", "Gadget/b", "Job/c", "Pod/d", "ConfigMap/e"];
    const each = correlator();
    feed(each, ...chain.map((id, at) => object(id, { owners: chain.slice(at - 1, at) })).toReversed());
    expect(each.storiesOf("configmap-e")).toEqual([WEB]);
  });

  test("of an object with two owners is two stories", () => {
    const each = correlator();
    const steps = feed(
      each,
      object("Deployment/a"),
      object("Deployment/b"),
      object("Pod/p", { owners: ["Deployment/b", "Deployment/a"] }),
    );
    expect(steps[2]?.stories).toEqual(["deployment-deployment-a", "deployment-deployment-b"]);
    expect(attributions(steps)["pod-p"]?.relation).toBe(
      "owned by Deployment/b (uid deployment-b); owned by Deployment/a (uid deployment-a)",
    );
  });

  test("follows an owner without a namespace", () => {
    const each = correlator({ selection: { ...DEPLOYMENTS, resources: ["nodes.v1"] } });
    feed(each, object("Node/n1", { namespace: null }), object("Pod/static", { owners: ["Node/n1"], namespace: "kube-system" }));
    expect(each.storiesOf("pod-static")).toEqual(["node-node-n1"]);
  });

  test.each(["child first", "owner first"])("does not follow an owner in another namespace, and says so (%s)", (order) => {
    const records = [
      object("Deployment/web", { namespace: "a" }),
      object("Pod/p", { owners: ["Deployment/web"], namespace: "b" }),
    ];
    const each = correlator();
    const steps = feed(each, ...(order === "child first" ? records.toReversed() : records));
    expect(each.storiesOf("pod-p")).toEqual([]);
    expect(steps.flatMap((step) => step.records).filter(({ type }) => type === "incident")).toEqual([
      {
        type: "incident",
        what: "owner in another namespace",
        detail: "Pod/p in namespace b names Deployment/web in namespace a as its owner; not followed",
      },
    ]);
  });

  test("does not mistake an object of the same name for the owner", () => {
    const each = correlator();
    feed(each, object("Deployment/web", { uid: "new" }), object("ReplicaSet/web-1", { owners: ["Deployment/web"] }));
    expect(each.storiesOf("replicaset-web-1")).toEqual([]);
    expect(each.storiesOf("new")).toEqual(["deployment-new"]);
  });

  test("keeps what was orphaned, and adds the story of the one who adopted it", () => {
    const each = correlator();
    feed(each, ...rollout, object("Deployment/other"), object("ReplicaSet/web-1", { change: "MODIFIED" }));
    expect(each.storiesOf("pod-web-1-a")).toEqual([WEB]);
    const steps = feed(each, object("ReplicaSet/web-1", { change: "MODIFIED", owners: ["Deployment/other"] }));
    expect(attributions(steps)["replicaset-web-1"]).toEqual({
      stories: ["deployment-deployment-other", WEB],
      relation: "owned by Deployment/other (uid deployment-other); was owned by Deployment/web (uid deployment-web)",
    });
    expect(each.storiesOf("event-web-1-a.1")).toEqual(["deployment-deployment-other", WEB]);
  });

  test("asks once for an owner that nobody saw, and holds the child until it comes", () => {
    const each = correlator();
    const orphans = ["a", "b"].map((name) => object(`Pod/${name}`, { owners: ["ReplicaSet/web-1"] }));
    const steps = feed(each, ...orphans);
    expect(steps.map((step) => step.stories)).toEqual([[], []]);
    expect(steps.flatMap((step) => step.wants)).toEqual([
      {
        want: "object",
        ref: { apiVersion: "apps/v1", kind: "ReplicaSet", namespace: "default", name: "web-1", uid: "replicaset-web-1" },
      },
    ]);
  });

  test("ends in a circle of owners, with the smallest uid as the root", () => {
    const each = correlator();
    feed(each, object("Deployment/a", { owners: ["Deployment/b"] }), object("Deployment/b", { owners: ["Deployment/a"] }));
    expect(each.storiesOf("deployment-b")).toEqual(["deployment-deployment-a"]);
    expect(each.openStories().map(({ story }) => story)).toEqual(["deployment-deployment-a"]);
  });
});

describe("Kubernetes Events", () => {
  const about = (id: string, rest: object = {}): object => {
    const [kind = "", name = ""] = id.split("/");
    return { kind, name, namespace: "default", ...rest };
  };

  test("without a uid are attributed by kind, namespace and name, also to an object that comes later", () => {
    const event = eventAbout("e", about("Deployment/web"));
    for (const order of permutations([event, object("Deployment/web")])) {
      const each = correlator();
      feed(each, ...order);
      expect(each.storiesOf("event-e")).toEqual([WEB]);
    }
  });

  test("about an earlier object of the same name stay with it, although they arrive later", () => {
    const each = correlator();
    feed(
      each,
      object("Deployment/web", { uid: "old" }),
      object("Deployment/web", { uid: "old", change: "DELETED", after: 5_000 }),
    );
    feed(each, object("Deployment/web", { uid: "new", after: 10_000 }));
    feed(each, eventAbout("by-uid", { ...about("Deployment/web"), uid: "old" }, 20_000));
    feed(each, eventAbout("by-name", about("Deployment/web"), 4_000), eventAbout("recent", about("Deployment/web"), 12_000));
    expect(each.storiesOf("event-by-uid")).toEqual(["deployment-old"]);
    expect(each.storiesOf("event-by-name")).toEqual(["deployment-old"]);
    expect(each.storiesOf("event-recent")).toEqual(["deployment-new"]);
  });

  test("with the uid of an unknown object are not given to one that has its name", () => {
    const each = correlator();
    feed(each, object("Deployment/web"), eventAbout("e", { ...about("Deployment/web"), uid: "gone" }));
    expect(each.storiesOf("event-e")).toEqual([]);
  });

  test.each([["its name"], [undefined], ["its uid"]])("of a Node find it with %s as the uid", (what) => {
    const each = correlator({ selection: { ...DEPLOYMENTS, resources: ["nodes.v1"] } });
    const uid = what === "its name" ? { uid: "n1" } : what === "its uid" ? { uid: uidOf("Node/n1") } : {};
    feed(each, eventAbout("e", { kind: "Node", name: "n1", ...uid }), object("Node/n1", { namespace: null }));
    expect(each.storiesOf("event-e")).toEqual(["node-node-n1"]);
  });

  test("of a static pod carry the hash of its file and find the mirror pod", () => {
    const each = correlator({ selection: { ...DEPLOYMENTS, resources: ["pods.v1"] } });
    feed(each, object("Pod/etcd"), eventAbout("e", { ...about("Pod/etcd"), uid: "0123456789abcdef0123456789abcdef" }));
    expect(each.storiesOf("event-e")).toEqual(["pod-pod-etcd"]);
  });

  test("belong to the stories of both objects that they name", () => {
    const each = correlator();
    const event = {
      involved: { uid: "deployment-a" },
      related: { kind: "Deployment", name: "b", namespace: "default", apiVersion: "apps/v1" },
    };
    feed(
      each,
      object("Deployment/a"),
      object("Event/e", { event: { ...event, reason: "", component: "", count: 1 } }),
      object("Deployment/b"),
    );
    expect(each.storiesOf("event-e")).toEqual(["deployment-deployment-a", "deployment-deployment-b"]);
  });

  test("are not confused by a kind of the same name in another group", () => {
    const each = correlator({ selection: { ...DEPLOYMENTS, resources: ["services.v1"] } });
    feed(each, object("Service/s"), eventAbout("e", { ...about("Service/s"), apiVersion: "serving.knative.dev/v1" }));
    expect(each.storiesOf("event-e")).toEqual([]);
  });
});

describe("roots", () => {
  const both = { ...DEPLOYMENTS, resources: ["deployments.v1.apps", "pods.v1"] };

  test("below another root have no story of their own, a bare one has", () => {
    const each = correlator({ selection: both });
    feed(each, ...rollout, object("Pod/bare"));
    expect(each.openStories().map(({ story }) => story)).toEqual([WEB, "pod-pod-bare"]);
  });

  test("that turn out to belong to another one are merged into its story", () => {
    const each = correlator({ selection: both });
    const steps = feed(each, ...rollout.toReversed());
    expect(storyStates(steps)).toEqual(["opened pod-pod-web-1-a", `opened ${WEB}`, "merged pod-pod-web-1-a"]);
    expect(
      steps.flatMap((step) => step.records).find((record) => record.type === "story" && record.state === "merged"),
    ).toMatchObject({
      into: [WEB],
    });
    expect(each.openStories().map(({ story }) => story)).toEqual([WEB]);
    const [end] = feed(each, logEnd("s1"));
    expect(end?.stories).toEqual([WEB]);
  });

  test("stay roots when their labels change", () => {
    const each = correlator({ selection: { ...DEPLOYMENTS, selector: "app=web" } });
    feed(
      each,
      object("Deployment/web", { labels: { app: "web" } }),
      object("Deployment/web", { change: "MODIFIED", labels: {} }),
    );
    expect(each.storiesOf("deployment-web")).toEqual([WEB]);
  });

  test("become roots when their labels begin to match, with everything below them", () => {
    const each = correlator({ selection: { ...DEPLOYMENTS, selector: "app=web" } });
    feed(each, ...rollout);
    expect(each.storiesOf("pod-web-1-a")).toEqual([]);
    feed(each, object("Deployment/web", { change: "MODIFIED", labels: { app: "web" } }));
    expect(each.storiesOf("pod-web-1-a")).toEqual([WEB]);
  });
});

describe("the life of a story", () => {
  const gone = (id: string, after: number): FaroRecord => object(id, { change: "DELETED", after });

  test("ends as deleted with the root, all that hung on it, and the last log stream", () => {
    const each = correlator();
    feed(each, ...rollout);
    const steps = feed(
      each,
      gone("Deployment/web", 1),
      gone("Pod/web-1-a", 2),
      gone("ReplicaSet/web-1", 3),
      logLine("s1", 4),
      logEnd("s1", 5),
    );
    expect(steps.map((step) => storyStates([step]))).toEqual([[], [], [], [], [`completed deleted ${WEB}`]]);
  });

  test("does not wait for orphans", () => {
    const each = correlator();
    feed(each, object("Deployment/web"), object("ReplicaSet/web-1", { owners: ["Deployment/web"] }));
    feed(each, object("ReplicaSet/web-1", { change: "MODIFIED" }));
    expect(storyStates(feed(each, gone("Deployment/web", 1)))).toEqual([`completed deleted ${WEB}`]);
  });

  test("does not end while deletion is only requested", () => {
    const each = correlator();
    feed(each, object("Deployment/web"));
    const steps = feed(each, { ...object("Deployment/web", { change: "MODIFIED" }), deleting: true });
    expect(storyStates([...steps, each.tick(START + 1)])).toEqual([]);
  });

  test("goes on with a late record and completes once more at the next tick", () => {
    const each = correlator();
    feed(each, ...rollout.slice(0, 1), gone("Deployment/web", 1));
    const late = feed(each, eventAbout("late", "Deployment/web", 2), eventAbout("later", "Deployment/web", 3));
    expect(storyStates(late)).toEqual([`reopened ${WEB}`]);
    expect(storyStates([each.tick(START + 4)])).toEqual([`completed deleted ${WEB}`]);
    expect(storyStates([each.tick(START + 5)])).toEqual([]);
  });

  test("is quiet after the time-out, counted from the last record of anything in it", () => {
    const each = correlator();
    feed(each, ...rollout, logLine("s1", 30_000));
    expect(storyStates([each.tick(START + 89_999)])).toEqual([]);
    expect(storyStates([each.tick(START + 90_000)])).toEqual([`completed quiet ${WEB}`]);
    expect(storyStates(feed(each, logLine("s1", 600_000)))).toEqual([`reopened ${WEB}`]);
  });

  test("has no time-out of zero", () => {
    const each = correlator({ correlationTimeoutMs: 0 });
    feed(each, ...rollout);
    expect(storyStates([each.tick(START + 1e12)])).toEqual([]);
  });

  test("ends when the recorder stops", () => {
    const each = correlator();
    feed(each, ...rollout, object("Deployment/other"), gone("Deployment/other", 1));
    expect(storyStates([each.stop(START)])).toEqual([`completed stopped ${WEB}`]);
    expect(each.openStories()).toEqual([]);
  });

  test("is taken from a recording: a record after its completion reopens it", () => {
    const each = correlator();
    const [opened] = feed(each, object("Deployment/web"));
    const root = opened?.records.find((record) => record.type === "story");
    if (root?.type !== "story") throw new Error("no story was opened");
    feed(each, { ...root, state: "completed", because: "stopped", seq: 2, at: "2026-01-05T10:00:01.000Z" });
    expect(each.openStories()).toEqual([]);
    expect(storyStates(feed(each, object("Deployment/web", { change: "MODIFIED", after: 5 })))).toEqual([`reopened ${WEB}`]);
  });

  test("does not wait for log streams of a run that was killed", () => {
    const each = correlator();
    feed(each, ...rollout, gone("Pod/web-1-a", 1), gone("ReplicaSet/web-1", 1));
    feed(each, { type: "run", seq: 9, at: "2026-01-05T10:00:01.000Z", state: "started", faroVersion: "1", epoch: 2 });
    expect(storyStates(feed(each, gone("Deployment/web", 2)))).toEqual([`completed deleted ${WEB}`]);
  });

  test("moves with a stream that turns out to belong to another pod", () => {
    const each = correlator();
    feed(each, ...rollout, object("Pod/other"), logStream("s1", "Pod/other"));
    expect(each.accept(logLine("s1")).stories).toEqual([]);
    const steps = feed(each, gone("Pod/web-1-a", 1), gone("ReplicaSet/web-1", 1), gone("Deployment/web", 1));
    expect(storyStates(steps)).toEqual([`completed deleted ${WEB}`]);
  });
});

describe("other records", () => {
  test("name the stories of the object that they are about", () => {
    const each = correlator();
    feed(each, ...rollout);
    const at = "2026-01-05T10:00:00.000Z";
    const lifecycle = {
      type: "lifecycle",
      seq: 9,
      at,
      epoch: 1,
      uid: "pod-web-1-a",
      namespace: "default",
      name: "web-1-a",
      time: at,
    } as const;
    expect(each.accept({ ...lifecycle, action: "ready", version: 3, resourceVersion: "3" }).stories).toEqual([WEB]);
    const gap = { type: "gap", seq: 9, at, gap: "1", state: "opened", scope: "log:x", cause: "rotation", from: at } as const;
    expect(each.accept({ ...gap, uid: "pod-web-1-a" }).stories).toEqual([WEB]);
    expect(each.accept(gap).stories).toEqual([]);
    expect(each.accept({ type: "incident", seq: 9, at, what: "x", detail: "y" })).toEqual({
      stories: [],
      records: [],
      wants: [],
    });
    expect(each.accept({ type: "log-end", seq: 9, at, stream: "?", outcome: "complete", reason: "", lines: 0 }).stories).toEqual(
      [],
    );
  });
});

describe("forgetting", () => {
  test("keeps memory at what lives, while the story goes on", () => {
    const each = correlator({ forgetAfterMs: 1_000 });
    feed(each, object("Deployment/web"));
    for (let at = 0; at < 5_000; at++) {
      const id = `Pod/p${at}`;
      feed(
        each,
        object(id, { owners: ["Deployment/web"], after: at * 10 }),
        eventAbout(`e${at}`, id, at * 10),
        logStream(`s${at}`, id, at * 10),
      );
      feed(each, logEnd(`s${at}`, at * 10), object(id, { change: "DELETED", after: at * 10 }));
      feed(each, object(`Event/e${at}`, { change: "DELETED", after: at * 10 }));
      each.tick(START + at * 10);
    }
    expect(each.size).toBeLessThan(500);
    expect(each.storiesOf("deployment-web")).toEqual([WEB]);
    expect(each.storiesOf("pod-p0")).toEqual([]);
    expect(each.storiesOf("pod-p4999")).toEqual([WEB]);
  });

  test("spares what is open: a story, a log stream", () => {
    const each = correlator({ forgetAfterMs: 1_000 });
    feed(each, ...rollout, object("Pod/web-1-a", { change: "DELETED", owners: ["ReplicaSet/web-1"] }));
    feed(each, object("Deployment/web", { change: "DELETED" }));
    each.tick(START + 10_000);
    expect(each.storiesOf("pod-web-1-a")).toEqual([WEB]);
    expect(each.storiesOf("deployment-web")).toEqual([WEB]);
  });

  test("lets go of Events that were found by name, and of objects that bore it", () => {
    const each = correlator({ forgetAfterMs: 1_000 });
    const involved = { kind: "Deployment", name: "web", namespace: "default" };
    const event = eventAbout("e", involved);
    feed(each, event, object("Deployment/web", { uid: "old" }), object("Deployment/web", { uid: "new", after: 1 }));
    feed(each, object("Deployment/web", { uid: "old", change: "DELETED", after: 2 }), { ...event, change: "DELETED" });
    each.tick(START + 10_000);
    each.tick(START + 20_000);
    expect(each.size).toBe(1);
    expect(each.storiesOf("new")).toEqual(["deployment-new"]);
  });

  test("ends a completed story with its root", () => {
    const each = correlator({ forgetAfterMs: 1_000 });
    feed(each, object("Deployment/web"), object("Deployment/web", { change: "DELETED" }));
    each.tick(START + 10_000);
    expect(each.size).toBe(0);
    expect(each.storiesOf("deployment-web")).toEqual([]);
  });
});
