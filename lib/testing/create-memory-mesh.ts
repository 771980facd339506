import { MemoryMesh } from './memory-mesh.js';
import type { MemoryMeshOptions } from './memory-mesh-options.js';

/**
 * A network in memory for the buses and applications of one test.
 *
 * @throws MeshError `MESH_ERR_ARGUMENT`
 * @example
 * const mesh = createMemoryMesh();
 * const other = mesh.bus({ cluster: 'shop' });
 * await other.start();
 * await other.publish('invalidate:user:42');
 * await mesh.settled();
 */
export function createMemoryMesh(options?: MemoryMeshOptions): MemoryMesh {
  return new MemoryMesh(options);
}
