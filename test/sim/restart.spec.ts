import { describe, expect, it } from '@jest/globals';

import {
  deliveries,
  knowAll,
  lostCount,
  MINUTE,
  others,
  passes,
  peerAt,
  SECOND,
  settledMesh,
  statesTold,
  WAYS,
} from '../support/sim-mesh.js';

describe.each(WAYS)('restarting by %s', (way) => {
  it('replaces the old node at that address at once (seed 1)', () => {
    const { simulator, nodes } = settledMesh({ seed: 1, way, count: 5 });
    const [keeper, old] = nodes;
    simulator.crash(old!);
    simulator.run(SECOND);
    const heir = simulator.start({ multicast: way === 'group' }, [keeper!.endpoint], old!.endpoint);
    const present = [...others(nodes, old!), heir];
    expect(passes(simulator, () => knowAll(present), 200)).toBe(true);
    for (const node of others(present, heir)) {
      expect(statesTold(node, heir.endpoint)).toEqual(['alive', 'dead', 'alive']);
      expect(lostCount(node)).toBe(1);
    }
    simulator.run(SECOND);
    simulator.publish(heir, ['from the new']);
    simulator.publish(keeper!, ['to the new']);
    simulator.run(SECOND);
    expect(deliveries(others(present, heir), 'from the new')).toEqual([1, 1, 1, 1]);
    expect(deliveries(others(present, keeper!), 'to the new')).toEqual([1, 1, 1, 1]);
    simulator.run(5 * MINUTE);
    expect(knowAll(present)).toBe(true);
  });

  it('finds a restarted seed that knows nobody, without help (seed 2)', () => {
    const { simulator, nodes } = settledMesh({ seed: 2, way: 'seed', count: 5 });
    const [old] = nodes;
    simulator.crash(old!);
    const heir = simulator.start({ multicast: false }, [], old!.endpoint);
    const present = [...others(nodes, old!), heir];
    expect(passes(simulator, () => knowAll(present), 6 * SECOND)).toBe(true);
    simulator.publish(heir, ['here again']);
    simulator.run(SECOND);
    expect(deliveries(others(present, heir), 'here again')).toEqual([1, 1, 1, 1]);
  });

  it('follows a node that changes its address (seed 3)', () => {
    const { simulator, nodes } = settledMesh({ seed: 3, way, count: 5 });
    const [mover, ...rest] = nodes;
    simulator.move(mover!, '10.9.9.9:7946');
    expect(passes(simulator, () => knowAll(nodes), SECOND)).toBe(true);
    for (const node of rest) expect(peerAt(node, '10.9.9.9:7946')?.state).toBe('alive');
    simulator.publish(mover!, ['from there']);
    simulator.publish(rest[0]!, ['to there']);
    simulator.run(SECOND);
    expect(deliveries(rest, 'from there')).toEqual([1, 1, 1, 1]);
    expect(deliveries(others(nodes, rest[0]!), 'to there')).toEqual([1, 1, 1, 1]);
    simulator.run(5 * MINUTE);
    expect(knowAll(nodes)).toBe(true);
    expect(nodes.map(lostCount)).toEqual([0, 0, 0, 0, 0]);
  });
});
