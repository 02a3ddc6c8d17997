import { expect, test } from "vitest";
import { VirtualClock } from "../../base/index.ts";
import { ApiFailure } from "../../cluster/index.ts";
import { LocalClient } from "../../../test/support/local-client.ts";
import { Audit } from "./audit.ts";
import { Session } from "./session.ts";
import { Sightings } from "./sightings.ts";
import { SliceMemory } from "./slices.ts";
import type { WatchItem } from "./watch-item.ts";
import { brief, configMap, configMapRef, RESOURCES, startRig } from "./watch-rig.cases.ts";

test("a version that is taken is not yielded, and one that is not comes out in its turn", async () => {
  const taken: string[] = [];
  const take = (item: WatchItem): boolean => {
    const isTaken = taken.length < 2;
    if (isTaken) taken.push(brief(item));
    return isTaken;
  };
  const rig = startRig({ watch: { take } });
  await rig.clock.advance(1);
  rig.told();
  for (const name of ["a", "b", "c"]) rig.history.create(configMap(name));
  rig.history.remove(configMapRef("a"));
  await rig.clock.advance(1);
  expect(taken).toEqual([expect.stringContaining("ADDED a@"), expect.stringContaining("ADDED b@")]);
  expect(rig.told()).toEqual([expect.stringContaining("ADDED c@"), expect.stringContaining("DELETED a@")]);
});

test("only what a watch tells is offered, so what is listed is yielded", async () => {
  const offered: string[] = [];
  const take = (item: WatchItem): boolean => offered.push(brief(item)) > 0;
  const rig = startRig({ watch: { take } }, (history) => history.create(configMap("a")));
  await rig.clock.advance(1);
  expect(offered).toEqual([]);
  expect(rig.told()).toContainEqual(expect.stringContaining("LISTED a@"));
});

test("what whoever takes throws does not pass for an end of the stream", async () => {
  const clock = new VirtualClock();
  const { signal } = new AbortController();
  const client = new LocalClient(() => expect.unreachable("nothing is asked"), clock);
  const target = { resource: RESOURCES.configmaps, metadataOnly: false };
  const known = new Map();
  const object = { metadata: { uid: "u", name: "a", resourceVersion: "2" } };
  const body = (async function* () {
    yield Buffer.from(`${JSON.stringify({ type: "ADDED", object })}\n`);
  })();
  const session = new Session({
    client,
    clock,
    target,
    known,
    signal,
    sightings: new Sightings(known),
    audit: new Audit({ client, clock, target, known, signal, tell: () => undefined }),
    open: {
      from: { resourceVersion: "1" },
      response: { status: 200, headers: {}, body },
      endsAt: 1e6,
      close: () => undefined,
      isClosed: () => false,
    },
    memory: { hasBookmarks: false, undecodable: 0, progressAt: 0, probedAt: 0, slices: new SliceMemory() },
    take: () => {
      throw new ApiFailure("take", { kind: "foreign", message: "a bug" });
    },
  });
  await expect(session.run().next()).rejects.toThrow("a bug");
});
