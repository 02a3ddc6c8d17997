import { expect, test } from "vitest";
import { parseResourceArguments } from "./resource-arguments.ts";

test.each([
  [[], [], []],
  [["deploy/web"], [{ text: "deploy", name: "web" }], []],
  [
    ["deploy/web", "svc/web"],
    [
      { text: "deploy", name: "web" },
      { text: "svc", name: "web" },
    ],
    [],
  ],
  [
    ["deploy/web,svc/api"],
    [
      { text: "deploy", name: "web" },
      { text: "svc", name: "api" },
    ],
    [],
  ],
  [["crontabs.stable.example.com/one"], [{ text: "crontabs.stable.example.com", name: "one" }], []],
  [["deploy"], [{ text: "deploy" }], []],
  [["deploy", "web", "api"], [{ text: "deploy" }], ["web", "api"]],
  [["po,svc"], [{ text: "po" }, { text: "svc" }], []],
  [["deployments.v1.apps", "web-*"], [{ text: "deployments.v1.apps" }], ["web-*"]],
  [["apps/v1/Deployment", "web"], [{ text: "apps/v1/Deployment" }], ["web"]],
  [["v1/Pod"], [{ text: "v1/Pod" }], []],
  [["apps/Deployment"], [{ text: "apps/Deployment" }], []],
])("%j names %j and %j", (args, resources, names) => {
  expect(parseResourceArguments(args)).toEqual({ resources, names });
});

test.each([
  [["deploy/web", "svc"], '"deploy/web" names an object, and another argument names a type alone'],
  [["svc", "deploy/web"], '"deploy/web" names an object, and another argument names a type alone'],
  [["deploy/"], '"deploy/" is neither a type nor TYPE/NAME'],
  [["/web"], '"/web" is neither a type nor TYPE/NAME'],
  [[" , "], '" , " is neither a type nor TYPE/NAME'],
])("%j is refused", (args, message) => {
  expect(() => parseResourceArguments(args)).toThrow(message);
});
