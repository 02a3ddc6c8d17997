import { describe, expect, test } from "vitest";
import { FaroError } from "../base/index.ts";
import { object } from "./records.cases.ts";
import { compileSelection } from "./selection.ts";
import { matchesSelector, parseSelector } from "./selector.ts";

const web = { app: "web", tier: "front", "example.com/replicas": "3", empty: "" };

describe("a label selector", () => {
  test.each([
    ["", true],
    ["  ", true],
    ["app=web", true],
    ["app==web", true],
    ["app = web , tier = front", true],
    ["app=web,tier=back", false],
    ["app!=web", false],
    ["missing!=x", true],
    ["app in (api, web)", true],
    ["app in (api)", false],
    ["app in(web)", true],
    ["app notin (api,db)", true],
    ["app notin (web)", false],
    ["missing notin (x)", true],
    ["missing in (x)", false],
    ["app", true],
    ["missing", false],
    ["!app", false],
    ["! missing", true],
    ["empty=", true],
    ["app=", false],
    ["empty in ()", true],
    ["empty in (a,)", true],
    ["in in (x)", false],
    ["example.com/replicas>2", true],
    ["example.com/replicas < 3", false],
    ["app>2", false],
    ["toString", false],
  ])("%j holds for the labels: %j", (text, isMatch) => {
    expect(matchesSelector(parseSelector(text), web)).toBe(isMatch);
  });

  test.each([
    ["app=web tier=front", 'expected a comma before "tier"'],
    ["app=a=b", 'expected a comma before "="'],
    ["app in web", 'expected "(" and the values of app'],
    ["app in (web", 'the values of app do not end with ")"'],
    ["app ~ web", '"~" after "app" is no operator'],
    ["-x=1", '"-x" is no label key'],
    ["app=we$b", '"we$b" is no value for the label app'],
    ["app,", "a label key is missing at the end"],
    [",app", '"," is no label key'],
    ["replicas>many", 'replicas is compared with "many", which is no whole number'],
  ])("%j is refused: %s", (text, why) => {
    const failure = catchError(() => parseSelector(text));
    expect(failure.code).toBe("FARO_USAGE");
    expect(failure.message).toBe(`cannot read the label selector "${text}": ${why}`);
    expect(failure.hint).toContain("--selector 'app=web");
  });
});

describe("a selection", () => {
  const all = { resources: ["pods.v1"], names: [], namespaces: [], selector: "" };
  const pod = object("Pod/web-1", { labels: web });

  test.each([
    [{}, true],
    [{ resources: ["deployments.v1.apps"] }, false],
    [{ names: ["web-1"] }, true],
    [{ names: ["web"] }, false],
    [{ names: ["api-*", "web-*"] }, true],
    [{ names: ["web-?"] }, true],
    [{ names: ["w**1"] }, true],
    [{ names: ["web.1*"] }, false],
    [{ namespaces: ["prod", "default"] }, true],
    [{ namespaces: ["prod"] }, false],
    [{ selector: "app=web" }, true],
    [{ selector: "app=api" }, false],
  ])("with %j chooses the pod: %j", (part, isChosen) => {
    expect(compileSelection({ ...all, ...part })(pod)).toBe(isChosen);
  });

  test("chooses objects without a namespace whatever the namespaces", () => {
    const selects = compileSelection({ ...all, resources: ["nodes.v1"], namespaces: ["prod"] });
    expect(selects(object("Node/n1", { namespace: null }))).toBe(true);
  });
});

function catchError(call: () => unknown): FaroError {
  try {
    call();
  } catch (error) {
    if (error instanceof FaroError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
