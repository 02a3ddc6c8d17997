/**
 * The little that goes through the real disk, the lock and the story files, takes real time. Virtual time stands still meanwhile: a
 * busy machine would otherwise let minutes of it pass over one `open`, and a run would not be the same twice.
 */
import process from "node:process";

/** So many turns of the event loop with no file under way: what is waited for needs virtual time. */
const IDLE_TURNS = 200;

/** One turn of the event loop, and as many as it takes until no file is under way. */
export async function settleFiles(): Promise<void> {
  do await turn();
  while (isFileBusy());
}

/** Lets the event loop turn until the condition holds, or until nothing more comes of that. */
export async function filesUntil(holds: () => boolean): Promise<void> {
  for (let idle = 0; idle < IDLE_TURNS && !holds(); idle++) {
    await turn();
    if (isFileBusy()) idle = 0;
  }
}

function isFileBusy(): boolean {
  return process.getActiveResourcesInfo().some((resource) => /^(?:FSReq|CloseReq)/.test(resource));
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
