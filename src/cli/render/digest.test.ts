import { expect, test } from "vitest";
import type { StoryDocument } from "../../story/index.ts";
import { digestStory } from "./digest.ts";

const OVERVIEW = {
  events_by_type: {},
  troubles: 0,
  pods: [],
  owners: {},
  happened: [{ id: "e4", timestamp: "2025-08-07T10:00:13.250Z", what: "Deployment/web is deleted" }],
};

test.each([
  [{ verdict: "complete", reasons: [], logs: [1, 2] }, "complete: 15 events of 3 objects, 2 container logs, nothing missing"],
  [
    { verdict: "incomplete", reasons: ["pods.v1/prod: 3 s are missing"], logs: [] },
    "incomplete: 15 events of 3 objects, 0 container logs; pods.v1/prod: 3 s are missing",
  ],
])("a digest is what happened, and whether something is missing: %#", (coverage, verdict) => {
  const story = { metadata: { event_count: 15 }, coverage, objects: [1, 2, 3] } as unknown as StoryDocument;
  expect(digestStory(story, OVERVIEW)).toEqual(["10:00:13.250  Deployment/web is deleted", verdict]);
});
