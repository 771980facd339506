import { describe, expect, it } from '@jest/globals';

import type { SimulatedNode } from '../../../lib/simulation/simulated-node.js';
import { Simulator } from '../../../lib/simulation/simulator.js';
import type { Carriage, DropCause } from '../../../lib/simulation/simulator-observer.js';
import { decodePacket } from '../../../lib/wire/decode-packet.js';

const SECOND = 1000;
const NOBODY = '10.66.66.66:7946';

function pair(): { simulator: Simulator; one: SimulatedNode; other: SimulatedNode; drops: DropCause[] } {
  const drops: DropCause[] = [];
  const simulator = new Simulator({ seed: 1, observer: { onDrop: (_carriage, cause) => drops.push(cause) } });
  const [one, other] = [simulator.start({}), simulator.start({})];
  simulator.run(10 * SECOND);
  drops.length = 0;
  return { simulator, one, other, drops };
}

/** Sends that many datagrams of 1000 bytes that mean nothing. */
function pelt({ simulator, other }: ReturnType<typeof pair>, count: number): void {
  for (let index = 0; index < count; index++) simulator.inject(NOBODY, other, Buffer.alloc(1000));
}

describe('Simulator, when a process stands still', () => {
  it('keeps what arrives as far as its buffer holds it, and drops the rest', () => {
    const world = pair();
    const { simulator, other, drops } = world;
    const { datagramsReceived } = other.node.stats().counters;
    simulator.stall(other, 2 * SECOND);
    expect(simulator.isStalled(other)).toBe(true);
    pelt(world, 100);
    simulator.run(SECOND);
    expect(other.node.stats().counters.datagramsReceived).toBe(datagramsReceived);
    expect([drops.length, simulator.network.counts.overrun]).toEqual([8, 8]);
    simulator.run(2 * SECOND);
    expect(simulator.isStalled(other)).toBe(false);
    expect(other.node.stats().counters.datagramsReceived - datagramsReceived).toBeGreaterThanOrEqual(92);
    expect(new Set(drops)).toEqual(new Set(['overrun']));
  });

  it('does the same while it reads slowly', () => {
    const world = pair();
    const { simulator, other, drops } = world;
    simulator.network.conditions = { ...simulator.network.conditions, receiveMs: 1 };
    const { datagramsReceived } = other.node.stats().counters;
    pelt(world, 100);
    simulator.run(50);
    // One was read at once, 92 wait, and one more is read each millisecond.
    expect(drops.length).toBe(7);
    expect(other.node.stats().counters.datagramsReceived - datagramsReceived).toBe(51);
  });

  it('forgets what is unread when it crashes', () => {
    const world = pair();
    const { simulator, one, other } = world;
    simulator.stall(other, SECOND);
    pelt(world, 10);
    simulator.run(10);
    simulator.crash(other);
    simulator.run(5 * SECOND);
    expect(simulator.nodes()).toEqual([one]);
  });
});

describe('Simulator, when a machine is suspended', () => {
  it.each([true, false])('loses what is sent to it; its clock goes on: %s', (clockGoesOn) => {
    const world = pair();
    const { simulator, other, drops } = world;
    const wakes = other.wakes;
    simulator.suspend(other, 4 * SECOND, clockGoesOn);
    pelt(world, 5);
    simulator.run(3.9 * SECOND);
    expect(other.wakes).toBe(wakes);
    expect(drops.filter((cause) => cause === 'asleep').length).toBeGreaterThanOrEqual(5);
    expect(simulator.network.counts.asleep).toBe(drops.length);
    simulator.runUntil(() => other.wakes > wakes, 10 * SECOND);
    // Where the clock stood, its timers are as far away as they were.
    expect(simulator.now >= 14 * SECOND && (clockGoesOn || simulator.now > 14 * SECOND)).toBe(true);
    expect(other.node.stats().counters.lost).toBe(0);
  });
});

describe('Simulator, when clocks leap', () => {
  it('makes all timers of the node late at once', () => {
    const { simulator, other } = pair();
    const { wakes } = other;
    simulator.jumpClock(other, 60 * SECOND);
    simulator.run(0);
    expect(other.wakes).toBeGreaterThan(wakes);
  });

  it('never wakes a node for nothing, whatever rounding does to its deadlines (seed 1)', () => {
    const { simulator, other } = pair();
    for (let jump = 0; jump < 50; jump++) {
      simulator.jumpClock(other, 0.1 + jump / 7);
      simulator.run(SECOND);
    }
    expect(other.wakes).toBeLessThan(2000);
  });

  it('tells the wall clock of each host by itself', () => {
    const stamps: number[] = [];
    const simulator = new Simulator({
      seed: 1,
      observer: {
        onTransmit: ({ endpoint }, bytes) => {
          const packet = decodePacket(bytes);
          if (packet.kind !== 'heartbeat' || endpoint !== '10.0.0.1:7946') return;
          stamps.push(packet.trailer?.sentAtMs ?? 0);
        },
      },
    });
    const node = simulator.start({});
    simulator.start({});
    simulator.run(10 * SECOND);
    simulator.jumpWallClock(node, -3_600_000);
    simulator.run(10 * SECOND);
    expect(stamps.some((stamp, index) => index > 0 && stamp < stamps[index - 1]!)).toBe(true);
    expect(node.node.stats().counters.lost).toBe(0);
  });
});

describe('Simulator, for who watches', () => {
  it('tells of each datagram once, of each copy, and of what became of it', () => {
    const seen = { transmitted: 0, carried: 0, arrived: 0, events: 0 };
    const dropped: [Carriage, DropCause][] = [];
    const simulator = new Simulator({
      seed: 1,
      conditions: { loss: 0.2 },
      observer: {
        onTransmit: () => seen.transmitted++,
        onCarry: () => seen.carried++,
        onDrop: (carriage, cause) => dropped.push([carriage, cause]),
        onArrive: () => seen.arrived++,
        onEvent: () => seen.events++,
      },
    });
    const nodes = [simulator.start({}), simulator.start({}), simulator.start({})];
    simulator.run(30 * SECOND);
    simulator.network.cut(nodes[0]!.endpoint, nodes[1]!.endpoint);
    simulator.crash(nodes[2]!);
    simulator.run(30 * SECOND);
    expect(seen.transmitted).toBeGreaterThan(50);
    expect(seen.carried).toBeGreaterThan(seen.transmitted);
    expect(seen.arrived + dropped.length).toBe(seen.carried);
    expect(seen.events).toBe(nodes.reduce((sum, { events }) => sum + events.length, 0));
    const causes = new Set(dropped.map(([, cause]) => cause));
    expect(causes).toEqual(new Set(['lost', 'cut', 'gone']));
    const { counts } = simulator.network;
    expect(dropped.filter(([, cause]) => cause === 'lost').length).toBe(counts.lost);
    expect(simulator.network.dropped).toBe(counts.lost + counts.cut);
  });
});
