import type { NodeLimits } from '../../lib/core/node-config.js';
import { simulatedConfig } from '../../lib/simulation/simulated-config.js';
import { SeededRandom } from '../../lib/primitives/seeded-random.js';

/** The usual bounds of a node, but for those that matter to a test. */
export function limits(parts: Partial<NodeLimits>): NodeLimits {
  return { ...simulatedConfig(new SeededRandom(1), false).limits, ...parts };
}
