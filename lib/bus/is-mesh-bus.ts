import type { MeshBus } from './mesh-bus.js';

/** Marks a bus for every copy of this library that a process may have loaded. */
export const MESH_BUS_BRAND = Symbol.for('nestjs-mesh.bus');

/** Whether the value is a bus, made by whichever copy of this library: by a brand, as `instanceof` knows its own only. */
export function isMeshBus(value: unknown): value is MeshBus {
  return typeof value === 'object' && value !== null && MESH_BUS_BRAND in value;
}
