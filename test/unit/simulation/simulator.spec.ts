import { describe, expect, it } from '@jest/globals';

import { Simulator } from '../../../lib/simulation/simulator.js';
import type { Carriage } from '../../../lib/simulation/simulator-observer.js';

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

  it('runs what is due at one instant in the order in which it was asked for', () => {
    const simulator = new Simulator({ seed: 1 });
    const order: number[] = [];
    for (let turn = 0; turn < 20; turn++) simulator.after(10, () => order.push(turn));
    simulator.run(10);
    expect(order).toEqual(Array.from({ length: 20 }, (_, turn) => turn));
  });

  it('does not let time pass for what is so already', () => {
    const simulator = new Simulator({ seed: 1 });
    expect([simulator.runUntil(() => true, 100), simulator.now]).toEqual([true, 0]);
  });

  it('takes a node that has left for gone', () => {
    const simulator = new Simulator({ seed: 1 });
    const [one, other] = [simulator.start({}), simulator.start({})];
    simulator.run(10_000);
    simulator.leave(other);
    expect(simulator.runUntil(() => !other.running, 10_000)).toBe(true);
    simulator.run(1000);
    expect(simulator.nodes()).toEqual([one]);
    expect(one.node.stats().counters).toMatchObject({ left: 1, lost: 0 });
  });

  it('lets one that starts at an address take the place of who lived there', () => {
    const simulator = new Simulator({ seed: 1 });
    const one = simulator.start({ multicast: false });
    simulator.inject('10.9.9.9:1', one, Buffer.from('?'));
    const heir = simulator.start({ multicast: false }, [], one.endpoint);
    simulator.run(1);
    expect([one.running, heir.running, heir.endpoint]).toEqual([false, true, one.endpoint]);
    expect([one.node.stats().dropped, heir.node.stats().dropped]).toEqual([{}, { 'wrong-magic': 1 }]);
  });

  it('wakes a node once for each timer that it wants, not for those that it has given up', () => {
    const simulator = new Simulator({ seed: 1 });
    const node = simulator.start({ multicast: false });
    simulator.run(10_000);
    for (let publish = 0; publish < 500; publish++) {
      simulator.publish(node, [`k${publish}`]);
      simulator.run(1);
    }
    const { wakes } = node;
    simulator.run(20_000);
    expect(node.wakes - wakes).toBeLessThan(20);
  });

  it('refuses to touch a node of another simulator', () => {
    const foreign = new Simulator({ seed: 1 }).start({ multicast: false });
    const simulator = new Simulator({ seed: 1 });
    simulator.start({ multicast: false });
    expect(() => simulator.crash(foreign)).toThrow(TypeError);
    expect(() => simulator.inject('10.9.9.9:1', foreign, Buffer.from('?'))).toThrow(TypeError);
    expect(foreign.running).toBe(true);
  });

  it.each([true, false])('reaches a node at a further address, whether it knows of that or not (%s)', (isKnown) => {
    const simulator = new Simulator({ seed: 1 });
    const node = simulator.start({ multicast: false });
    simulator.addAddress(node, '10.9.9.9:7946', isKnown);
    const finders = ['10.9.9.9:7946', node.endpoint].map((seed) => simulator.start({ multicast: false }, [seed]));
    simulator.run(900);
    expect(finders.map((finder) => finder.node.stats().members > 0)).toEqual([true, true]);
    expect(node.endpoint).toBe('10.0.0.1:7946');
  });

  it('reaches a node that has moved at its new address only', () => {
    const simulator = new Simulator({ seed: 1 });
    const node = simulator.start({ multicast: false });
    simulator.addAddress(node, '10.9.9.9:7946');
    simulator.move(node, '10.8.8.8:7946');
    const seeds = ['10.0.0.1:7946', '10.9.9.9:7946', '10.8.8.8:7946'];
    const finders = seeds.map((seed) => simulator.start({ multicast: false }, [seed]));
    simulator.run(900);
    expect(finders.map((finder) => finder.node.stats().members)).toEqual([0, 0, 1]);
    expect(node.endpoint).toBe('10.8.8.8:7946');
  });

  it('brings nothing through a cut', () => {
    const simulator = new Simulator({ seed: 1 });
    const [one, other] = [simulator.start({}), simulator.start({})];
    simulator.run(10_000);
    simulator.network.partition([one.endpoint], [other.endpoint]);
    simulator.publish(one, ['lost']);
    simulator.run(1000);
    expect(other.delivered).toEqual([]);
    simulator.network.heal();
    simulator.publish(one, ['heard']);
    simulator.run(1000);
    // What was lost is asked for once a later one is heard.
    expect(other.delivered.map(({ key, sequence }) => [key, sequence])).toEqual([
      ['heard', 2],
      ['lost', 1],
    ]);
    expect(simulator.network.counts.cut).toBeGreaterThan(0);
  });
});
