/** All known bugs, in the order of the table in `docs/known-bugs.md`. */
import { ARCHIVE_BUGS } from "./archive.ts";
import { CLUSTER_BUGS } from "./cluster.ts";
import { CORRELATE_BUGS } from "./correlate.ts";
import { LOG_BUGS } from "./logs.ts";
import type { Mutation } from "./mutation.ts";
import { SECRET_BUGS } from "./secrets.ts";
import { WATCH_BUGS } from "./watch.ts";

export const BUGS: Readonly<Record<string, readonly Mutation[]>> = {
  Watching: WATCH_BUGS,
  "Container logs": LOG_BUGS,
  "On the disk": ARCHIVE_BUGS,
  "Reaching a cluster": CLUSTER_BUGS,
  "Secrets and evidence": SECRET_BUGS,
  "Putting it together": CORRELATE_BUGS,
};

export const MUTATIONS: readonly Mutation[] = Object.values(BUGS).flat();
