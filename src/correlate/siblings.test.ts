import { expect, test } from "vitest";
import type { NamedRelation, ObjectRelations } from "../record/index.ts";
import { Siblings } from "./siblings.ts";

function uses(name: string, uid?: string): NamedRelation {
  const proof = `spec.volumes[].configMap.name=${name}`;
  return {
    relation: "uses",
    kind: "ConfigMap",
    group: "",
    namespace: "default",
    name,
    ...(uid === undefined ? {} : { uid }),
    proof,
  };
}

function stating(...named: readonly NamedRelation[]): ObjectRelations {
  return { named, selecting: [], aliases: [] };
}

test("what siblings state alike is kept once, and what differs stays as each says it", () => {
  const siblings = new Siblings();
  const first = siblings.statement(stating(uses("web"), uses("tls")));
  const other = siblings.statement(stating(uses("web"), uses("tls", "7")));

  expect(siblings.statement(stating(uses("web"), uses("tls", "7")))).toBe(other);
  expect(siblings.statement(stating(uses("web")))).toEqual(stating(uses("web")));
  expect(siblings.statement(stating(uses("tls"), uses("web")))).toEqual(stating(uses("tls"), uses("web")));
  expect(first).toEqual(stating(uses("web"), uses("tls")));
  expect(other).toEqual(stating(uses("web"), uses("tls", "7")));
  expect(other.named[0]).toBe(first.named[0]);
});

test("a statement that selects or offers names is nobody else's", () => {
  const siblings = new Siblings();
  siblings.statement(stating(uses("web")));
  const offering = { ...stating(uses("web")), aliases: ["one"] };

  expect(siblings.statement(offering)).toEqual(offering);
  expect(siblings.statement(stating(uses("web")))).toEqual(stating(uses("web")));
});

test("labels that siblings bear alike are kept once, however many others come between", () => {
  const siblings = new Siblings();
  const own = (at: number) => ({ app: "web", "statefulset.kubernetes.io/pod-name": `web-${at}` });
  expect(siblings.labels(own(1))).toBe(siblings.labels(own(1)));
  for (let at = 2; at < 100; at++) expect(siblings.labels(own(at))).toEqual(own(at));
  expect(siblings.labels({ app: "web" })).toEqual({ app: "web" });
});
