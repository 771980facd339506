import { describe, expect, it } from '@jest/globals';

import { type Carriage, Simulator } from '../../../lib/simulation/simulator.js';

describe('Simulator', () => {
  it('lets virtual time pass, and runs what is due in order', () => {
    const simulator = new Simulator({ seed: 1 });
    const order: string[] = [];
    simulator.after(20, () => order.push(`b${simulator.now}`));
    simulator.after(10, () => {
      order.push(`a${simulator.now}`);
      simulator.after(5, () => order.push(`c${simulator.now}`));
    });
    simulator.run(15);
    expect([simulator.now, order]).toEqual([15, ['a10', 'c15']]);
    simulator.run(100);
    expect([simulator.now, order]).toEqual([115, ['a10', 'c15', 'b20']]);
  });

  it('stops as soon as it comes to what is waited for', () => {
    const simulator = new Simulator({ seed: 1 });
    let done = false;
    simulator.after(30, () => (done = true));
    expect(simulator.runUntil(() => done, 20)).toBe(false);
    expect(simulator.runUntil(() => done, 1000)).toBe(true);
    expect(simulator.now).toBe(30);
  });

  it('gives each node an address of its own, however many', () => {
    const simulator = new Simulator({ seed: 1 });
    const endpoints = Array.from({ length: 600 }, () => simulator.start({ multicast: false }).endpoint);
    expect(new Set(endpoints).size).toBe(600);
    expect(
      endpoints.every((endpoint) => /^10\.0\.[0-2]\.([1-9]|[1-9]\d|1\d\d|2[0-4]\d|250):7946$/.test(endpoint)),
    ).toBe(true);
  });

  it('shows each datagram as it is sent, once for each receiver', () => {
    const carried: Carriage[] = [];
    const simulator = new Simulator({ seed: 1, onCarry: (carriage) => carried.push(carriage) });
    const nodes = [simulator.start({}), simulator.start({}), simulator.start({})];
    simulator.run(10);
    const greeting = carried.filter(({ from, viaGroup, at }) => from === nodes[0]?.endpoint && viaGroup && at === 0);
    expect(new Set(greeting.map(({ to }) => to))).toEqual(new Set(nodes.map(({ endpoint }) => endpoint)));
    expect(carried.some(({ viaGroup }) => !viaGroup)).toBe(true);
  });

  it('gives a crashed node neither datagrams nor time, and refuses to touch it', () => {
    const simulator = new Simulator({ seed: 1 });
    const [one, other] = [simulator.start({}), simulator.start({})];
    simulator.run(1000);
    simulator.crash(other);
    const { events, wakes } = other;
    const before = events.length;
    simulator.publish(one, ['a']);
    simulator.run(60_000);
    expect([other.running, events.length, other.wakes]).toEqual([false, before, wakes]);
    expect(() => simulator.publish(other, ['b'])).toThrow(TypeError);
    expect(simulator.nodes()).toEqual([one]);
  });

  it('runs the timers of a stalled process before its sockets', () => {
    const simulator = new Simulator({ seed: 1 });
    const [one, other] = [simulator.start({}), simulator.start({})];
    simulator.run(10_000);
    simulator.stall(other, 12_000);
    simulator.publish(one, ['meanwhile']);
    const { wakes } = other;
    simulator.run(11_999);
    expect([other.delivered, other.wakes]).toEqual([[], wakes]);
    simulator.runUntil(() => other.wakes > wakes, 10);
    expect([simulator.now, other.delivered]).toEqual([22_000, []]);
    simulator.run(1);
    expect(other.delivered.map(({ key }) => key)).toEqual(['meanwhile']);
  });

  it('brings what is under way to whoever lives at the address when it arrives', () => {
    const simulator = new Simulator({ seed: 1 });
    const one = simulator.start({ multicast: false });
    simulator.run(1000);
    simulator.inject('10.9.9.9:1', one, Buffer.from('?'));
    simulator.run(1);
    expect(one.node.stats().dropped).toEqual({ 'wrong-magic': 1 });
  });
});
