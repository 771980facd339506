import { describe, expect, it } from '@jest/globals';
import { DEFAULT_MESH_LIMITS, DEFAULT_MESH_OPTIONS } from '../../../lib/options/default-mesh-options.js';
import { nodeIdBytes } from '../../../lib/primitives/node-id.js';
import { SeededRandom } from '../../../lib/primitives/seeded-random.js';
import { randomNodeId, simulatedConfig } from '../../../lib/simulation/simulated-config.js';

describe('simulatedConfig', () => {
  it('agrees with the defaults of the public options', () => {
    const { limits, ...config } = simulatedConfig(new SeededRandom(1), false);
    const { heartbeatMs, batchIntervalMs, batchSize, startTimeoutMs, cluster } = DEFAULT_MESH_OPTIONS;
    expect(config).toMatchObject({ heartbeatMs, batchIntervalMs, batchSize, startTimeoutMs, cluster });
    expect(DEFAULT_MESH_LIMITS).toMatchObject(limits);
  });

  it.each([true, false])('passes on whether there are seeds: %p', (hasSeeds) => {
    expect(simulatedConfig(new SeededRandom(1), hasSeeds)).toMatchObject({ hasSeeds, multicast: true, client: false });
  });

  it('names each node differently, and the same one for the same seed', () => {
    const random = new SeededRandom(4);
    const ids = Array.from({ length: 100 }, () => simulatedConfig(random, false).id);
    expect(new Set(ids).size).toBe(100);
    expect(simulatedConfig(new SeededRandom(4), true).id).toBe(ids[0]);
  });
});

describe('randomNodeId', () => {
  it('is 16 bytes of the given chance', () => {
    let next = 0;
    const numbers = [0x00010203, 0xfffefdfc, 0x80000000, 0x0000007f];
    const id = randomNodeId({ u32: () => numbers[next++]! });
    expect(nodeIdBytes(id).toString('hex')).toBe('00010203fffefdfc800000000000007f');
    expect(next).toBe(4);
  });
});
