import { Inject } from '@nestjs/common';
import { MeshCache } from './mesh-cache.js';

/** Where Nest puts the cache of an instance whose methods use one. */
const CACHE = Symbol.for('nestjs-mesh.cache');

/** Has Nest inject `MeshCache` into instances of a class. Returns what reads it: nothing where Nest has not made it. */
export function injectedCache(target: object): (instance: object) => MeshCache | undefined {
  Inject(MeshCache)(target, CACHE);
  return (instance) => (instance as { readonly [CACHE]?: MeshCache })[CACHE];
}
