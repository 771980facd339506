/** Names what a bus knows of the caches on it, for every copy of this library that a process has loaded. */
export const BOUND_CACHES = Symbol.for('nestjs-mesh.bound-caches');

/** The caches that hear of invalidations by one bus. */
export interface BoundCaches {
  /** Those of `bindCache`. */
  readonly bound: WeakSet<object>;
  /** Keys under which messages of other libraries' caches are published. */
  readonly channels: Set<string>;
  /** Says something in the log of the bus. */
  readonly warn: (message: string) => void;
}

export function newBoundCaches(warn: (message: string) => void): BoundCaches {
  return { bound: new WeakSet(), channels: new Set(), warn };
}
