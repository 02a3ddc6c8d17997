/** What the cluster may do in a step. `src/proof/workload.ts` does it. */

/** Each kind of step, with its share of a random workload. */
export const WORK_KINDS = {
  create: 14,
  update: 22,
  /** Several changes of one object in one moment. */
  edits: 5,
  delete: 7,
  /** The same name, another object, in one moment. */
  recreate: 5,
  /** An object that comes and goes in one moment. */
  flash: 4,
  /** Deletion with a grace period, so that the object changes before it goes. */
  "delete-slowly": 4,
  /** A Kubernetes Event about the object. */
  event: 10,
  "event-again": 5,
  /** Several Events expire at one revision, as etcd's leases do. */
  lease: 3,
  /** Many changes of many objects in one moment. */
  storm: 2,
  crd: 3,
  log: 10,
  restart: 3,
  /** Nothing: time passes. */
  pause: 3,
} as const;

export type WorkKind = keyof typeof WORK_KINDS;

export function isWorkKind(text: string): text is WorkKind {
  return Object.hasOwn(WORK_KINDS, text);
}
