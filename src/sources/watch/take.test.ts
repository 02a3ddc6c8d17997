import { expect, test } from "vitest";
import { type Clock, VirtualClock } from "../../base/index.ts";
import { ApiFailure } from "../../cluster/index.ts";
import { LocalClient } from "../../../test/support/local-client.ts";
import { Audit } from "./audit.ts";
import { Session, type SessionOptions } from "./session.ts";
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
  const take = (): boolean => {
    throw new ApiFailure("take", { kind: "foreign", message: "a bug" });
  };
  await expect(
    sessionOf({ names: ["a"], clock: new VirtualClock(), take })
      .run()
      .next(),
  ).rejects.toThrow("a bug");
});

test("a watch that is behind lets the event loop turn before it has read all that is there", async () => {
  let elapsed = 0;
  const clock: Clock = Object.assign(new VirtualClock(), { monotonic: () => elapsed });
  const told: string[] = [];
  const take = (item: WatchItem): boolean => {
    told.push(brief(item));
    elapsed += 3;
    return true;
  };
  setImmediate(() => told.push("another's turn"));
  await sessionOf({ names: ["a", "b", "c", "d"], clock, take })
    .run()
    .next();
  expect(told.map((text) => text.split("@")[0])).toEqual(["ADDED a", "ADDED b", "another's turn", "ADDED c", "ADDED d"]);
});

/** A watch on which an object with each of these names is added, each in a chunk of its own that is there already. */
function sessionOf({
  names,
  clock,
  take,
}: Pick<SessionOptions, "clock" | "take"> & { readonly names: readonly string[] }): Session {
  const { signal } = new AbortController();
  const client = new LocalClient(() => expect.unreachable("nothing is asked"), new VirtualClock());
  const target = { resource: RESOURCES.configmaps, metadataOnly: false };
  const known = new Map();
  const body = (async function* () {
    for (const [at, name] of names.entries()) {
      const object = { metadata: { uid: name, name, resourceVersion: String(at + 2) } };
      yield Buffer.from(`${JSON.stringify({ type: "ADDED", object })}\n`);
    }
  })();
  return new Session({
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
    take,
  });
}
