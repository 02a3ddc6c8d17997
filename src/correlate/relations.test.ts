import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FaroRecord, NamedRelation, ObjectRecord, ObjectRelations, SelectingRelation } from "../record/index.ts";
import { Correlator } from "./correlator.ts";
import { DEPLOYMENTS, eventAbout, logEnd, logLine, logStream, object, START } from "./records.cases.ts";
import type { CorrelationStep, CorrelatorOptions } from "./types.ts";

const WEB = "deployment-deployment-web";
const none: ObjectRelations = { named: [], selecting: [], aliases: [] };

type Fed = FaroRecord | readonly [ObjectRecord, Partial<ObjectRelations>];

function correlator(options: Partial<CorrelatorOptions> = {}): Correlator {
  return new Correlator({ selection: DEPLOYMENTS, correlationTimeoutMs: 60_000, ...options });
}

function feed(to: Correlator, ...all: readonly Fed[]): CorrelationStep[] {
  return all.map((one) => (isPair(one) ? to.accept(one[0], { ...none, ...one[1] }) : to.accept(one)));
}

function isPair(fed: Fed): fed is readonly [ObjectRecord, Partial<ObjectRelations>] {
  return Array.isArray(fed);
}

/** `began node-n1: node of Pod/p (…)`, in the order in which it was said. */
function related(steps: readonly CorrelationStep[]): string[] {
  return steps
    .flatMap((step) => step.records)
    .flatMap((record) => (record.type === "relation" ? [`${record.state} ${record.uid}: ${record.relation}`] : []));
}

const states = (steps: readonly CorrelationStep[]): string[] =>
  steps.flatMap((step) => step.records).flatMap((record) => (record.type === "story" ? [`${record.state} ${record.story}`] : []));

const deployment = object("Deployment/web");
const pod = (name: string, sketch: object = {}): ObjectRecord => object(`Pod/${name}`, { owners: ["Deployment/web"], ...sketch });
const node = (after: number = 0): ObjectRecord =>
  object("Node/n1", { namespace: null, after, change: after === 0 ? "ADDED" : "MODIFIED" });
const onNode = (name: string): NamedRelation => ({
  relation: "runs-on",
  kind: "Node",
  group: "",
  name,
  proof: `spec.nodeName=${name}`,
});
const uses = (kind: string, name: string): NamedRelation => ({
  relation: "uses",
  kind,
  group: "example.com",
  namespace: "default",
  name,
  proof: `spec.volumes[v]=${name}`,
});
const selects = (app: string): SelectingRelation => ({
  relation: "selects",
  terms: [{ operator: "in", key: "app", values: [app] }],
  proof: `spec.selector: app=${app}`,
});

describe("relations are intervals, and never change identity (item 86)", () => {
  test("a Service whose selector changes while it runs belongs to the story before and after, not between", () => {
    const each = correlator();
    const labelled = pod("p", { labels: { app: "web" } });
    const steps = feed(each, deployment, labelled, [object("Service/s"), { selecting: [selects("web")] }]);
    expect(each.storiesOf("service-s")).toEqual([WEB]);
    steps.push(...feed(each, [object("Service/s", { change: "MODIFIED" }), { selecting: [selects("other")] }]));
    expect(each.storiesOf("service-s")).toEqual([]);
    steps.push(...feed(each, [object("Service/s", { change: "MODIFIED" }), { selecting: [selects("web")] }]));
    expect(related(steps)).toEqual([
      "began service-s: selects Pod/p (spec.selector: app=web)",
      "ended service-s: selects Pod/p (spec.selector: app=web)",
      "began service-s: selects Pod/p (spec.selector: app=web)",
    ]);
  });

  test("a pod whose labels change leaves the Service that selected it", () => {
    const each = correlator();
    feed(each, deployment, [object("Service/s"), { selecting: [selects("web")] }], pod("p", { labels: { app: "web" } }));
    const steps = feed(each, pod("p", { labels: { app: "quarantine" }, change: "MODIFIED" }));
    expect(related(steps)).toEqual(["ended service-s: selects Pod/p (spec.selector: app=web)"]);
    expect(each.storiesOf("pod-p")).toEqual([WEB]);
  });

  test("what several pods use ends with the last of them, and is said twice in all", () => {
    const each = correlator();
    const names = ["a", "b", "c"];
    const steps = feed(
      each,
      deployment,
      object("ConfigMap/c"),
      ...names.map((name) => [pod(name), { named: [uses("ConfigMap", "c")] }] as const),
    );
    steps.push(...feed(each, ...names.map((name) => pod(name, { change: "DELETED" }))));
    expect(related(steps)).toEqual([
      "began configmap-c: used by Pod/a (spec.volumes[v]=c)",
      "ended configmap-c: used by Pod/a (spec.volumes[v]=c)",
    ]);
  });

  test("what a pod uses stays with it while its deletion is only requested", () => {
    const each = correlator();
    const named = { named: [uses("ConfigMap", "c")] };
    feed(each, deployment, object("ConfigMap/c"), [pod("a"), named]);
    const requested = { ...pod("a", { change: "MODIFIED" }), deleting: true } as const;
    expect(related(feed(each, [requested, named]))).toEqual([]);
    expect(related(feed(each, pod("a", { change: "DELETED" })))).toEqual([
      "ended configmap-c: used by Pod/a (spec.volumes[v]=c)",
    ]);
  });

  test("an object that is made anew under its name is another object, and is taken in too", () => {
    const each = correlator();
    feed(each, deployment, object("ConfigMap/c", { uid: "old" }), [pod("a"), { named: [uses("ConfigMap", "c")] }]);
    const steps = feed(
      each,
      object("ConfigMap/c", { uid: "old", change: "DELETED" }),
      object("ConfigMap/c", { uid: "new", after: 5 }),
    );
    expect(related(steps)).toEqual([
      "ended old: used by Pod/a (spec.volumes[v]=c)",
      "began new: used by Pod/a (spec.volumes[v]=c)",
    ]);
  });

  test("an EndpointSlice that names a uid does not mean another pod of the same name", () => {
    const each = correlator();
    const lists = {
      relation: "lists",
      kind: "Pod",
      group: "",
      namespace: "default",
      name: "p",
      proof: "targetRef.uid=old",
    } as const;
    feed(each, deployment, [object("EndpointSlice/s"), { named: [{ ...lists, uid: "old" }] }], pod("p"));
    expect(each.storiesOf("endpointslice-s")).toEqual([]);
    feed(each, [object("EndpointSlice/s", { change: "MODIFIED" }), { named: [{ ...lists, uid: "pod-p" }] }]);
    expect(each.storiesOf("endpointslice-s")).toEqual([WEB]);
  });
});

describe("what is shared", () => {
  test("belongs to the story without pulling in its other dependants", () => {
    const each = correlator();
    const other = object("Pod/stranger", { labels: { app: "web" } });
    feed(each, node(), deployment, [pod("p", { labels: { app: "web" } }), { named: [onNode("n1")] }]);
    feed(each, [other, { named: [onNode("n1")] }], [object("Service/s"), { selecting: [selects("web")] }]);
    expect([each.storiesOf("node-n1"), each.storiesOf("service-s"), each.storiesOf("pod-stranger")]).toEqual([[WEB], [WEB], []]);
  });

  test("reaches along claim, volume and class, in any order of arrival", () => {
    const chain: readonly Fed[] = [
      deployment,
      [pod("p"), { named: [uses("Claim", "c")] }],
      [
        object("Claim/c"),
        { named: [{ relation: "rests-on", kind: "Volume", group: "example.com", name: "v", proof: "spec.volumeName=v" }] },
      ],
      [
        object("Volume/v", { namespace: null }),
        { named: [{ relation: "rests-on", kind: "Class", group: "example.com", name: "k", proof: "spec.class=k" }] },
      ],
      object("Class/k", { namespace: null }),
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray([...chain], { minLength: chain.length }), (order) => {
        const each = correlator();
        feed(each, ...order);
        expect(["claim-c", "volume-v", "class-k"].map((uid) => each.storiesOf(uid))).toEqual([[WEB], [WEB], [WEB]]);
      }),
      { numRuns: 120 },
    );
  });

  test("neither keeps a story open nor opens it again", () => {
    const each = correlator();
    feed(each, node(), deployment, [pod("p"), { named: [onNode("n1")] }]);
    expect(states([...feed(each, node(50_000)), each.tick(START + 60_000)])).toEqual([`completed ${WEB}`]);
    expect(states(feed(each, node(70_000), eventAbout("e", { kind: "Node", name: "n1" }, 70_000)))).toEqual([]);
  });

  test("is watched once it is named: the kind is asked for once, whatever uses it", () => {
    const each = correlator();
    const steps = feed(
      each,
      deployment,
      ...["a", "b"].map((name) => [pod(name), { named: [onNode("n1"), uses("ConfigMap", "c")] }] as const),
    );
    const wants = steps.flatMap((step) => step.wants).filter((want) => want.want === "watch");
    expect(wants.map((want) => want.want === "watch" && [want.kind, want.name, want.as, want.why])).toEqual([
      ["Node", "n1", "named", "node of Pod/a: spec.nodeName=n1"],
      ["ConfigMap", "c", "named", "used by Pod/a: spec.volumes[v]=c"],
    ]);
  });

  test("of a bare object that no story needs is not asked for", () => {
    expect(feed(correlator(), [object("Pod/p"), { named: [onNode("n1")] }]).flatMap((step) => step.wants)).toEqual([]);
  });
});

describe("a Service as a root", () => {
  const SERVICE = "service-service-s";
  const options = { selection: { ...DEPLOYMENTS, resources: ["services.v1"] } };

  test("takes the pods that it selects along, and their logs; they keep its story open", () => {
    const each = correlator(options);
    const steps = feed(each, [object("Service/s"), { selecting: [selects("web")] }], object("Pod/p", { labels: { app: "web" } }));
    steps.push(...feed(each, logStream("l", "Pod/p"), eventAbout("e", "Pod/p")));
    expect(steps.flatMap((step) => step.wants)).toEqual([{ want: "logs", podUid: "pod-p", namespace: "default", pod: "p" }]);
    expect([each.storiesOf("pod-p"), each.storiesOf("event-e")]).toEqual([[SERVICE], [SERVICE]]);
    feed(each, logLine("l", 50_000));
    expect(states([each.tick(START + 60_000)])).toEqual([]);
    expect(states([each.tick(START + 110_000)])).toEqual([`completed ${SERVICE}`]);
    expect(states(feed(each, logEnd("l", 120_000)))).toEqual([`reopened ${SERVICE}`]);
  });
});

describe("Events of Nodes (item 84)", () => {
  test.each([["its name"], [undefined], ["its uid"]])(
    "in namespace default with %s as the uid are linked to the pods of the Node",
    (what) => {
      const uid = what === "its name" ? { uid: "n1" } : what === "its uid" ? { uid: "node-n1" } : {};
      const event = eventAbout("e", { kind: "Node", name: "n1", ...uid });
      const records: readonly Fed[] = [
        node(),
        deployment,
        [pod("p", { namespace: "default" }), { named: [onNode("n1")] }],
        event,
      ];
      for (const order of [records, records.toReversed()]) {
        const each = correlator();
        feed(each, ...order);
        expect(each.storiesOf("event-e")).toEqual([WEB]);
      }
    },
  );
});

describe("an owner that can never be read (item 80)", () => {
  test("is asked for once, and its children share its uid in their proofs", () => {
    const each = correlator({ selection: { ...DEPLOYMENTS, resources: ["pods.v1"] } });
    const steps = feed(each, ...["a", "b"].map((name) => object(`Pod/${name}`, { owners: ["Secret/hidden"] })));
    const proofs = steps
      .flatMap((step) => step.records)
      .flatMap((record) => (record.type === "attribution" ? [record.relation] : []));
    expect(new Set(proofs)).toEqual(new Set(["selected; owned by Secret/hidden (uid secret-hidden), not seen"]));
    expect(steps.flatMap((step) => step.wants).filter(({ want }) => want === "object")).toHaveLength(1);
  });

  test("once it was read and leads to a root, its kind is watched", () => {
    const each = correlator();
    feed(each, deployment, object("Pod/p", { owners: ["Gadget/g"] }));
    const steps = feed(each, object("Gadget/g", { owners: ["Deployment/web"], change: "LISTED" }));
    expect(each.storiesOf("pod-p")).toEqual([WEB]);
    expect(steps.flatMap((step) => step.wants)).toContainEqual(
      expect.objectContaining({ want: "watch", kind: "Gadget", group: "example.com", as: "owned" }),
    );
  });
});

function evictedBy(record: CorrelationStep["records"][number]): number {
  return record.type === "incident" ? Number(/^\d+/.exec(record.detail)?.[0] ?? 0) : 0;
}

describe("memory (item 89)", () => {
  test("of a million short-lived objects with relations stays at what lives, and evictions are said", () => {
    const each = correlator({ forgetAfterMs: 1_000 });
    feed(each, deployment, node(), object("ConfigMap/c"), [object("Service/s"), { selecting: [selects("web")] }]);
    let evicted = 0;
    let peak = 0;
    for (let at = 0; at < 50_000; at++) {
      const sketch = { owners: ["Deployment/web"], labels: { app: "web" }, after: at };
      const relations = { ...none, named: [onNode("n1"), uses("ConfigMap", "c")] };
      each.accept(object(`Pod/p${at}`, sketch), relations);
      each.accept(eventAbout(`e${at}`, `Pod/p${at}`, at));
      each.accept(object(`Pod/p${at}`, { ...sketch, change: "DELETED" }), relations);
      each.accept(object(`Event/e${at}`, { change: "DELETED", after: at }));
      if (at % 500 !== 0) continue;
      for (const record of each.tick(START + at).records) evicted += evictedBy(record);
      peak = Math.max(peak, each.size);
    }
    expect(peak).toBeLessThan(5_000);
    each.stop(START).records.forEach((record) => (evicted += evictedBy(record)));
    expect(evicted).toBeGreaterThan(90_000);
    expect([each.storiesOf("node-n1"), each.storiesOf("service-s")]).toEqual([[], []]);
  });
});

describe("a finished recording, read again", () => {
  test("gives the same attribution and the same relations as the live run, whatever happened", () => {
    const step = fc.record({
      kind: fc.constantFrom("Pod", "Service", "ConfigMap", "Deployment", "Event"),
      number: fc.nat(3),
      change: fc.constantFrom("ADDED" as const, "MODIFIED" as const, "DELETED" as const),
      owner: fc.nat(3),
      label: fc.constantFrom("a", "b"),
      named: fc.nat(3),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const live = correlator();
        const recording: Fed[] = [];
        const said: string[] = [];
        steps.forEach(({ kind, number, change, owner, label, named }, at) => {
          const name = `${kind}/${number}`;
          const record =
            kind === "Event"
              ? eventAbout(`${number}`, `Pod/${named}`, at)
              : object(name, {
                  change,
                  after: at,
                  labels: { app: label },
                  owners: kind === "Pod" ? [`Deployment/${owner}`] : [],
                });
          const relations: ObjectRelations = {
            ...none,
            named: kind === "Pod" ? [uses("ConfigMap", String(named))] : [],
            selecting: kind === "Service" ? [selects(label)] : [],
          };
          const { records } = live.accept(record, relations);
          recording.push([record, relations], ...records.map((caused) => ({ ...caused, seq: 0, at: record.at })));
          said.push(...records.map((caused) => JSON.stringify(caused)));
        });
        const again = correlator();
        const steps2 = feed(again, ...recording);
        expect(steps2.flatMap(({ records }) => records.map((caused) => JSON.stringify(caused)))).toEqual(said);
      }),
      { numRuns: 400 },
    );
  });
});
