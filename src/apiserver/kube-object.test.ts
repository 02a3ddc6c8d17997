import { describe, expect, test } from "vitest";
import { memberText, withApiVersion, withMetadata, withoutType } from "./kube-object.ts";

describe("changing the text of an object", () => {
  test("replaces and appends members of metadata and keeps every other byte", () => {
    const text = '{ "n":9007199254740993, "metadata" : {"uid":"a" , "x":1.0} }';
    expect(withMetadata(text, { uid: "b", resourceVersion: "7", generation: undefined })).toBe(
      '{ "n":9007199254740993, "metadata" : {"uid":"b" , "x":1.0,"resourceVersion":"7"} }',
    );
  });

  test("fills empty metadata and refuses an object without any", () => {
    expect(withMetadata('{"metadata":{}}', { generation: 2 })).toBe('{"metadata":{"generation":2}}');
    expect(() => withMetadata("{}", {})).toThrow("the object has no metadata");
  });

  test("takes kind and apiVersion away wherever they stand", () => {
    expect(withoutType('{"kind":"Pod","apiVersion":"v1","metadata":{},"n":1.0}')).toBe('{"metadata":{},"n":1.0}');
    expect(withoutType('{"apiVersion":"v1","metadata":{},"kind":"Pod","n":1.0}')).toBe('{"metadata":{},"n":1.0}');
  });

  test("changes the apiVersion, and cuts out one member", () => {
    expect(withApiVersion('{"kind":"X","apiVersion":"a/v1","n":1.0}', "a/v2")).toBe('{"kind":"X","apiVersion":"a/v2","n":1.0}');
    expect(withApiVersion("{}", "a/v2")).toBe("{}");
    expect(memberText('{"spec":{"n":1.0}}', "spec")).toBe('{"n":1.0}');
    expect(memberText("{}", "spec")).toBeUndefined();
  });
});
