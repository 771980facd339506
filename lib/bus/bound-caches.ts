/** Names the caches that are bound to a bus, for every copy of this library that a process has loaded. */
export const BOUND_CACHES = Symbol.for('nestjs-mesh.bound-caches');
