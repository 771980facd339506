import { describe, expect, it } from '@jest/globals';

import type { OutgoingEvent } from '../../lib/delivery/pending-event.js';
import type { SimulatedNode } from '../../lib/simulation/simulated-node.js';
import { Simulator } from '../../lib/simulation/simulator.js';
import { MAX_EVENT_DATAGRAM_BYTES } from '../../lib/wire/packet.js';
import { deliveries, others, SECOND, settledMesh, WAYS } from '../support/sim-mesh.js';

function flushedTickets({ events }: SimulatedNode): number[] {
  return events.flatMap((event) => (event.kind === 'flushed' ? [event.ticket] : []));
}

describe.each(WAYS)('publishing by %s', (way) => {
  it('sends a key that is announced again after it was encoded: 20,000 of 20,000 (seed 1)', () => {
    let wanted = 20_000;
    let inFlight = 0;
    const simulator: Simulator = new Simulator({
      seed: 1,
      conditions: { sendMs: 0.05, multicast: way === 'group' },
      onCarry: ({ from, to, bytes }) => {
        if (bytes[1] !== 0x03 || from !== publisher.endpoint || to === from || wanted === 0) return;
        wanted--;
        // The datagram has been laid out, and the kernel has yet to take it.
        simulator.after(0, () => {
          inFlight += publisher.node.stats().pendingKeys === 0 ? 1 : 0;
          simulator.publish(publisher, ['same']);
        });
      },
    });
    const publisher = simulator.start({ multicast: way === 'group' });
    const reader = simulator.start({ multicast: way === 'group' }, [publisher.endpoint]);
    simulator.run(SECOND);
    simulator.publish(publisher, ['same']);
    simulator.run(20 * SECOND);
    expect(inFlight).toBe(20_000);
    expect(deliveries([reader], 'same')).toEqual([20_001]);
    expect(publisher.node.stats().counters).toMatchObject({ published: 20_001, merged: 0 });
  });

  it('sends at once on an idle bus, and within the interval on a busy one (seed 2)', () => {
    const { simulator, nodes, traffic } = settledMesh({ seed: 2, way, count: 3, config: { batchIntervalMs: 40 } });
    const [publisher] = nodes;
    const start = simulator.now;
    simulator.publish(publisher!, ['a']);
    simulator.run(0);
    expect(traffic.of('batch')[0]?.at).toBe(start);
    simulator.network.conditions = { ...simulator.network.conditions, sendMs: 500 };
    simulator.run(SECOND);
    traffic.record();
    const busyAt = simulator.now;
    simulator.publish(publisher!, ['b']);
    simulator.run(1);
    simulator.publish(publisher!, ['c']);
    simulator.run(SECOND);
    const sentAt = traffic.of('batch').map(({ at }) => at - busyAt);
    expect(sentAt[0]).toBe(0);
    expect(sentAt.at(-1)).toBeCloseTo(41, 6);
  });

  it('packs a burst into full datagrams, whatever the batch size (seed 3)', () => {
    const { simulator, nodes, traffic } = settledMesh({ seed: 3, way, count: 2, config: { batchSize: 5 } });
    const keys = Array.from({ length: 1000 }, (_, index) => `${'key'.repeat(32)}${index}`);
    simulator.publish(nodes[0]!, keys);
    simulator.run(SECOND);
    const sizes = traffic.of('batch').flatMap(({ to, bytes }) => (to === nodes[1]!.endpoint ? [bytes.length] : []));
    expect(sizes.length).toBeLessThan(110);
    expect(sizes.slice(0, -1).every((size) => size > 1035 && size <= MAX_EVENT_DATAGRAM_BYTES)).toBe(true);
    expect(nodes[1]!.delivered.map(({ key }) => key).sort()).toEqual(keys.sort());
  });

  it('keeps what belongs together together: data, metadata, patterns, keys (seed 4)', () => {
    const { simulator, nodes } = settledMesh({ seed: 4, way, count: 2 });
    const [publisher, reader] = nodes;
    const event = (key: string, parts: Partial<OutgoingEvent> = {}): OutgoingEvent => ({
      ...{ kind: 'key', key, data: undefined, metadata: undefined },
      ...parts,
    });
    simulator.publishEvents(publisher!, [
      event('a', { data: Buffer.from('1') }),
      event('a', { data: Buffer.from('2') }),
      event('b'),
      event('p:*', { kind: 'matching' }),
      event('c', { metadata: Buffer.from('{}') }),
    ]);
    simulator.run(SECOND);
    const heard = reader!.events.flatMap((one): unknown[] => {
      if (one.kind === 'matching') return one.patterns.map((pattern) => ['matching', pattern]);
      if (one.kind !== 'keys') return [];
      return one.keys.map((key, index) => {
        const attached = one.attachments?.get(index);
        return [key, attached?.data?.toString(), attached?.metadata?.toString()];
      });
    });
    expect(heard.sort()).toEqual([
      ['a', '1', undefined],
      ['a', '2', undefined],
      ['b', undefined, undefined],
      ['c', undefined, '{}'],
      ['matching', 'p:*'],
    ]);
  });

  it('delivers each datagram once, in spite of doubles and disorder (seed 5)', () => {
    const { simulator, nodes } = settledMesh({ seed: 5, way, count: 5 });
    const { network } = simulator;
    network.conditions = { ...network.conditions, duplication: 0.5, reordering: 0.5, jitterMs: 20 };
    const keys = Array.from({ length: 500 }, (_, index) => `k${index}`);
    keys.forEach((key, index) => simulator.after(index, () => void simulator.publish(nodes[index % 5]!, [key])));
    simulator.run(5 * SECOND);
    expect(network.counts.duplicated).toBeGreaterThan(100);
    expect(network.counts.delayed).toBeGreaterThan(100);
    keys.forEach((key, index) => {
      expect(deliveries(others(nodes, nodes[index % 5]!), key)).toEqual([1, 1, 1, 1]);
      expect(deliveries([nodes[index % 5]!], key)).toEqual([0]);
    });
  });

  it('tells when the kernel has it, and withdraws only what waits (seed 6)', () => {
    const { simulator, nodes } = settledMesh({ seed: 6, way, count: 2 });
    const [publisher, reader] = nodes;
    simulator.network.conditions = { ...simulator.network.conditions, sendMs: 10 };
    const sent = simulator.publish(publisher!, ['sent'])!;
    simulator.run(1);
    const kept = simulator.publish(publisher!, ['kept', 'shared'])!;
    const withdrawn = simulator.publish(publisher!, ['withdrawn', 'shared'])!;
    simulator.withdraw(publisher!, sent);
    simulator.withdraw(publisher!, withdrawn);
    expect(flushedTickets(publisher!).every((ticket) => ticket < sent.ticket)).toBe(true);
    simulator.run(10);
    expect(flushedTickets(publisher!).at(-1)).toBeGreaterThanOrEqual(sent.ticket);
    expect(flushedTickets(publisher!).at(-1)).toBeLessThan(kept.ticket);
    simulator.run(SECOND);
    expect(flushedTickets(publisher!).at(-1)).toBeGreaterThanOrEqual(kept.ticket);
    expect(reader!.delivered.map(({ key }) => key)).toEqual(['sent', 'kept', 'shared']);
  });
});
