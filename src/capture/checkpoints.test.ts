/** When a checkpoint is worth a line. */
import { expect, test } from "vitest";
import { Checkpoints, type ScopeStanding } from "./checkpoints.ts";
import type { Unstamped } from "./recorder.ts";

const START = Date.UTC(2026, 0, 1);

function rig(): { readonly checkpoints: Checkpoints; readonly written: Unstamped[] } {
  const written: Unstamped[] = [];
  let seq = 0;
  const recorder = {
    get lastSeq() {
      return seq;
    },
    note(record: Unstamped) {
      written.push(record);
      return Object.assign({}, record, { seq: ++seq, at: "" });
    },
  };
  return { checkpoints: new Checkpoints({ recorder, pendingFrom: () => undefined }), written };
}

const standing = (isInterrupted: boolean, resourceVersion = "5"): ScopeStanding => {
  const mark = { resourceVersion, upTo: 1 };
  return { scope: "pods.v1/shop", progress: { safe: mark, last: mark }, isInterrupted };
};

test("a recorder to which nothing comes writes them all the same: the gap of one that is killed begins at the last", () => {
  const { checkpoints, written } = rig();
  for (let second = 0; second < 60; second++) checkpoints.step([standing(false)], START + second * 1_000);
  expect(written).toHaveLength(60);
});
