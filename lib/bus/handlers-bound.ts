import type { MeshBus } from './mesh-bus.js';

/** Names what a server tells its bus and nobody else does, for every copy of this library that a process has loaded. */
export const HANDLERS_BOUND = Symbol.for('nestjs-mesh.handlers-bound');

/**
 * Tells the bus that handlers were bound to it which keep copies. Where it runs already they have missed what came
 * before, which is worth a resync `join`.
 */
export function tellHandlersBound(bus: MeshBus): void {
  // A bus of an older copy does not know this, nor does the stub that a test puts in its place.
  if (HANDLERS_BOUND in bus) bus[HANDLERS_BOUND]();
}
