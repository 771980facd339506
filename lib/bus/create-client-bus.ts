import type { MeshOptions } from '../options/mesh-options.js';
import { MeshBus } from './mesh-bus.js';

/** A bus that only publishes, and says so: others do not count it among those that have to hear an event. */
export function createClientBus(options?: MeshOptions): MeshBus {
  return new MeshBus(options, { role: 'client' });
}
