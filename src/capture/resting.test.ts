import { describe, expect, it } from "vitest";
import { type Rested, Resting } from "./resting.ts";

interface Counted {
  count: number;
  readonly id: string;
}

function counted(at: number): Counted {
  return { count: 0, id: `an id that is not short ${at}` };
}

describe("states that rest", () => {
  it("are found as they were left, however many there are and in whatever order they are asked for", () => {
    const states = new Resting<Counted>();
    const all = Array.from({ length: 2_000 }, (_, at) => begun(states, counted(at)));
    for (let turn = 0; turn < 10_000; turn++) {
      const state = states.wake(get(all, (turn * 7_919) % all.length));
      state.count++;
    }
    expect(all.map((one) => states.wake(one))).toEqual(all.map((_, at) => ({ ...counted(at), count: 5 })));
  });

  it("are text, but for some hundred, and those that are in use are not", () => {
    const states = new Resting<Counted>();
    const busy = begun(states, counted(-1));
    const all = Array.from({ length: 5_000 }, (_, at) => {
      states.wake(busy);
      return begun(states, counted(at));
    });
    expect(all.filter(({ awake }) => awake !== undefined).length).toBeLessThan(600);
    expect(busy.awake).toEqual(counted(-1));
    expect(all[0]).toMatchObject({ awake: undefined, own: JSON.stringify(counted(0).id) });
  });
});

function get(all: readonly Rested<Counted>[], at: number): Rested<Counted> {
  const one = all[at];
  if (one === undefined) throw new Error(`there is none at ${at}`);
  return one;
}

function begun(states: Resting<Counted>, awake: Counted): Rested<Counted> {
  const rested: Rested<Counted> = { awake, form: "", own: "", isInUse: false };
  states.seat(rested);
  return rested;
}
