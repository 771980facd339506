import type { MeshNodeConfig } from '../../../core/node-config.js';
import { SeededRandom } from '../../../primitives/seeded-random.js';
import { simulatedConfig } from '../../simulated-config.js';

/** The usual bounds, but for these. */
export function limits(parts: Partial<MeshNodeConfig['limits']>): { readonly limits: MeshNodeConfig['limits'] } {
  return { limits: { ...simulatedConfig(new SeededRandom(0), false).limits, ...parts } };
}
