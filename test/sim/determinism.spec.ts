import { inspect } from 'node:util';

import { describe, expect, it } from '@jest/globals';

import { fnv1a32 } from '../../lib/primitives/fnv1a.js';
import { Simulator } from '../../lib/simulation/simulator.js';
import { SECOND } from '../support/sim-mesh.js';

/** Runs a mesh through everything that chance has a hand in, and returns what became of it. */
function run(seed: number): { trace: number; datagrams: number; events: number } {
  let trace = 0;
  let datagrams = 0;
  const mix = (value: number): void => {
    trace = (Math.imul(trace ^ value, 0x01000193) + 1) >>> 0;
  };
  const simulator = new Simulator({
    seed,
    conditions: { loss: 0.1, duplication: 0.1, reordering: 0.1 },
    onCarry: ({ at, from, to, viaGroup, bytes }) => {
      datagrams++;
      mix(Math.round(at * 1e6));
      mix(fnv1a32(bytes));
      mix(fnv1a32(Buffer.from(`${from} ${to} ${viaGroup}`)));
    },
  });
  const nodes = Array.from({ length: 8 }, (_, index) =>
    simulator.start({ multicast: index % 2 === 0 }, ['10.0.0.1:7946']),
  );
  simulator.run(5 * SECOND);
  for (let at = 0; at < 1000; at += 10) simulator.after(at, () => void simulator.publish(nodes[at % 7]!, [`k${at}`]));
  simulator.stall(nodes[1]!, 3 * SECOND);
  simulator.network.partition([nodes[2]!.endpoint], [nodes[3]!.endpoint, nodes[4]!.endpoint]);
  simulator.run(40 * SECOND);
  simulator.network.heal();
  simulator.crash(nodes[5]!);
  simulator.leave(nodes[6]!);
  simulator.run(40 * SECOND);
  const events = nodes.flatMap((node) => node.events);
  for (const event of events) mix(fnv1a32(Buffer.from(inspect(event, { depth: 5 }))));
  return { trace, datagrams, events: events.length };
}

describe('Simulator', () => {
  it('gives one trace for one seed, and another for another', () => {
    const first = run(1);
    expect(first.datagrams).toBeGreaterThan(1000);
    expect(first.events).toBeGreaterThan(100);
    expect(run(1)).toEqual(first);
    expect(run(2).trace).not.toBe(first.trace);
  });
});
