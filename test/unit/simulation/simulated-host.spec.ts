import { describe, expect, it } from '@jest/globals';
import { MeshNode } from '../../../lib/core/mesh-node.js';
import type { NodeEvent } from '../../../lib/core/node-event.js';
import { LegacyPeer } from '../../../lib/membership/legacy-table.js';
import { SeededRandom } from '../../../lib/primitives/seeded-random.js';
import { randomNodeId, simulatedConfig } from '../../../lib/simulation/simulated-config.js';
import { SimulatedHost } from '../../../lib/simulation/simulated-host.js';

const ENDPOINT = '10.0.0.1:7946';
const random = new SeededRandom(1);
const host = (): SimulatedHost => new SimulatedHost(ENDPOINT, new MeshNode(simulatedConfig(random, false)));

describe('SimulatedHost', () => {
  it('notes what the node tells, and each key it delivers', () => {
    const one = host();
    const origin = new LegacyPeer(randomNodeId(random), '10.0.0.2:7946', 0);
    const told: NodeEvent[] = [
      { kind: 'status', status: 'ready' },
      { kind: 'keys', origin, sequence: 4, keys: ['a', 'b', 'a'], attachments: undefined },
      { kind: 'matching', origin, sequence: 5, patterns: ['a*'] },
    ];
    for (const event of told) one.record(12.5, event);
    expect(one.events).toEqual(told);
    expect(one.delivered).toEqual([
      { at: 12.5, key: 'a', sequence: 4 },
      { at: 12.5, key: 'b', sequence: 4 },
      { at: 12.5, key: 'a', sequence: 4 },
    ]);
  });

  it.each([
    ['joining', true],
    ['ready', true],
    ['isolated', true],
    ['left', false],
  ] as const)('with the status %s, runs: %p', (status, running) => {
    const one = host();
    one.record(0, { kind: 'status', status });
    expect(one.running).toBe(running);
  });

  it('lets a timer fire often at one instant, but not without end', () => {
    const one = host();
    for (let wake = 0; wake < 1000; wake++) one.countWake(5);
    expect(one.wakes).toBe(1000);
    expect(() => one.countWake(5)).toThrow(`the node at ${ENDPOINT} asks to be woken again and again at 5 ms`);
  });

  it('counts anew when time passes, however little', () => {
    const one = host();
    for (let wake = 0; wake < 5000; wake++) one.countWake(Math.floor(wake / 1000) * 1e-6);
    expect(one.wakes).toBe(5000);
  });
});
