import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { MeshBus } from '../../../lib/bus/mesh-bus.js';
import type { MeshEvent } from '../../../lib/bus/mesh-event.js';
import type { MeshResync } from '../../../lib/bus/mesh-resync.js';
import type { MeshOptions } from '../../../lib/options/mesh-options.js';
import { bucketOf } from '../../../lib/primitives/bucket-set.js';
import { MemoryWorld } from '../../support/memory-world.js';

let world: MemoryWorld;
let warnings: string[];

beforeEach(() => {
  world = new MemoryWorld();
  warnings = [];
});
afterEach(() => world.close());

/** Two buses of which one publishes; the other is bounded. */
async function pair(
  limits: MeshOptions['limits'],
): Promise<{ publish: (keys: string[]) => Promise<void>; bus: MeshBus }> {
  const logger = { error: () => {}, warn: (message: string) => warnings.push(message), log: () => {} };
  const [sender, bus] = [world.bus(), world.bus({ logger, limits })];
  await world.until(Promise.all([sender.start(), bus.start()]));
  await world.until(Promise.all([sender.waitForPeers(1), bus.waitForPeers(1)]));
  const publish = async (keys: string[]): Promise<void> => {
    await world.until(sender.publish(keys));
    await world.advance(10);
  };
  return { publish, bus };
}

/** Asynchronous handlers that end when they are told to. */
class Runs {
  readonly begun: string[] = [];
  readonly #open: { resolve: () => void; reject: (error: Error) => void }[] = [];
  #underWay = 0;
  most = 0;

  readonly run = (key: string): Promise<void> => {
    this.begun.push(key);
    this.most = Math.max(this.most, ++this.#underWay);
    return new Promise((resolve, reject) => this.#open.push({ resolve, reject }));
  };

  async end(count = 1): Promise<void> {
    for (const { resolve } of this.#open.splice(0, count)) resolve();
    this.#underWay -= count;
    await world.advance(0);
  }

  async fail(): Promise<void> {
    this.#open.shift()?.reject(new Error('failure'));
    this.#underWay--;
    await world.advance(0);
  }
}

function keysOf(count: number, prefix = 'k'): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}:${index}`);
}

function resyncsOf(bus: MeshBus): MeshResync[] {
  const resyncs: MeshResync[] = [];
  bus.onResync((resync) => resyncs.push(resync));
  return resyncs;
}

describe('limits.handlers', () => {
  it('lets so many asynchronous runs be under way, and others wait in order', async () => {
    const { publish, bus } = await pair({ handlers: 2 });
    const runs = new Runs();
    bus.subscribe('k:*', async ({ key }) => runs.run(key));
    await publish(keysOf(6));
    expect(runs.begun).toEqual(['k:0', 'k:1']);
    await runs.end();
    expect(runs.begun).toEqual(['k:0', 'k:1', 'k:2']);
    await publish(['k:late']);
    await runs.end(2);
    await runs.end(2);
    await runs.end(2);
    expect(runs.begun).toEqual([...keysOf(6), 'k:late']);
    expect(runs.most).toBe(2);
    expect(bus.metrics()).toMatchObject({ handlerDropped: 0, handlerFailures: 0 });
  });

  it('counts a run that fails for ended', async () => {
    const { publish, bus } = await pair({ handlers: 1 });
    const runs = new Runs();
    bus.subscribe('k:*', async ({ key }) => runs.run(key));
    await publish(keysOf(2));
    await runs.fail();
    expect(runs.begun).toEqual(['k:0', 'k:1']);
    expect(bus.metrics().handlerFailures).toBe(1);
  });

  it('is for all subscribers together, those of batches among them', async () => {
    const { publish, bus } = await pair({ handlers: 1 });
    const runs = new Runs();
    bus.subscribe('k:*', async ({ key }) => runs.run(key));
    bus.subscribeBatch('k:*', async (events) => runs.run(`batch of ${events.length}`));
    await publish(keysOf(2));
    for (let ended = 0; ended < 2; ended++) await runs.end();
    expect(runs.begun).toEqual(['k:0', 'k:1', 'batch of 2']);
    expect(runs.most).toBe(1);
  });

  it('never makes a synchronous handler wait', async () => {
    const { publish, bus } = await pair({ handlers: 1, handlerEvents: 1 });
    const runs = new Runs();
    bus.subscribe('busy', async () => runs.run('busy'));
    await publish(['busy', 'busy:not']);
    const heard: string[] = [];
    bus.subscribe('k:*', ({ key }) => void heard.push(key));
    bus.subscribeBatch('k:*', (events) => void heard.push(`batch of ${events.length}`));
    await publish(keysOf(3));
    expect(heard).toEqual([...keysOf(3), 'batch of 3']);
    expect(bus.metrics().handlerDropped).toBe(0);
  });

  it('learns from its first promise that a function is asynchronous', async () => {
    const { publish, bus } = await pair({ handlers: 1 });
    const runs = new Runs();
    bus.subscribe('k:*', ({ key }) => runs.run(key));
    await publish(keysOf(3));
    expect(runs.begun).toEqual(['k:0']);
  });

  it('takes a promise of another make, which calls back more than once', async () => {
    const { publish, bus } = await pair({ handlers: 1 });
    const runs = new Runs();
    bus.subscribe('odd:*', () => ({
      then(resolve: () => void): void {
        resolve();
        resolve();
      },
    }));
    bus.subscribe('k:*', async ({ key }) => runs.run(key));
    await publish(['odd:1', 'odd:2']);
    await publish(keysOf(3));
    expect(runs.begun).toEqual(['k:0']);
  });

  it('lets go of what waits for one that is unsubscribed', async () => {
    const { publish, bus } = await pair({ handlers: 1, handlerEvents: 3 });
    const runs = new Runs();
    const gone = bus.subscribe('k:*', async ({ key }) => runs.run(key));
    await publish(keysOf(4));
    bus.subscribe('o:*', async ({ key }) => runs.run(key));
    gone.unsubscribe();
    await publish(keysOf(3, 'o'));
    for (let ended = 0; ended < 4; ended++) await runs.end();
    expect(runs.begun).toEqual(['k:0', 'o:0', 'o:1', 'o:2']);
    expect(bus.metrics().handlerDropped).toBe(0);
  });

  it('lets go of everything that waits when the bus is closed', async () => {
    const { publish, bus } = await pair({ handlers: 1 });
    const runs = new Runs();
    bus.subscribe('k:*', async ({ key }) => runs.run(key));
    await publish(keysOf(3));
    await world.until(bus.close());
    await runs.end();
    expect(runs.begun).toEqual(['k:0']);
  });
});

describe('limits.handlerEvents', () => {
  it('makes of what does not fit one resync of its buckets', async () => {
    const { publish, bus } = await pair({ handlers: 1, handlerEvents: 2 });
    const resyncs = resyncsOf(bus);
    const runs = new Runs();
    bus.subscribe('k:*', async ({ key }) => runs.run(key));
    const keys = keysOf(200);
    const fences = [bus.fence('k:1'), bus.fence('k:199')];
    await publish(keys);
    await world.advance(1000);
    expect(resyncs).toMatchObject([{ reason: 'overload', origin: undefined, all: false }]);
    const dropped = new Set(keys.slice(3).map(bucketOf));
    const others = [...keysOf(4000, 'other'), ...keys.slice(0, 3)];
    expect(keys.slice(3).every((key) => resyncs[0]!.matches(key))).toBe(true);
    expect(others.filter((key) => resyncs[0]!.matches(key) !== dropped.has(bucketOf(key)))).toEqual([]);
    expect(fences.map((fence) => fence.isCurrent())).toEqual([false, false]);
    expect(bus.metrics()).toMatchObject({ handlerDropped: 197, resyncs: 1, resyncReasons: { overload: 1 } });
    for (let ended = 0; ended < 3; ended++) await runs.end();
    expect(runs.begun).toEqual(keys.slice(0, 3));
  });

  it('warns once, in words for an operator', async () => {
    const { publish, bus } = await pair({ handlers: 1, handlerEvents: 1 });
    resyncsOf(bus);
    bus.subscribe('k:*', async () => new Promise(() => {}));
    await publish(keysOf(5));
    await publish(keysOf(5));
    expect(warnings).toEqual([
      expect.stringMatching(/^asynchronous handlers .*limits\.handlers.*limits\.handlerEvents/),
    ]);
  });

  it('raises again for what is dropped later, though a handler hangs', async () => {
    const { publish, bus } = await pair({ handlers: 1, handlerEvents: 1 });
    const resyncs = resyncsOf(bus);
    bus.subscribe('k:*', async () => new Promise(() => {}));
    await publish(keysOf(3));
    await world.advance(100);
    await publish(['k:later']);
    await world.advance(100);
    expect(resyncs.map(({ matches }) => [matches('k:2'), matches('k:later')])).toEqual([
      [true, false],
      [false, true],
    ]);
  });

  it('keeps as much of a batch as there is room for', async () => {
    const { publish, bus } = await pair({ handlers: 1, handlerEvents: 2 });
    const resyncs = resyncsOf(bus);
    const runs = new Runs();
    bus.subscribe('busy', async () => runs.run('busy'));
    bus.subscribeBatch('k:*', async (events) => runs.run(events.map(({ key }) => key).join()));
    await publish(['busy']);
    await publish(keysOf(4));
    await world.advance(100);
    expect(keysOf(4).map((key) => resyncs[0]?.matches(key))).toEqual([false, false, true, true]);
    await runs.end();
    expect(runs.begun).toEqual(['busy', 'k:0,k:1']);
  });

  it('raises nothing any more when the bus is closed', async () => {
    const { publish, bus } = await pair({ handlers: 1, handlerEvents: 1 });
    bus.subscribe('k:*', async () => new Promise(() => {}));
    await publish(keysOf(3));
    await world.until(bus.close());
    const { resyncs } = bus.metrics();
    await world.advance(1000);
    expect(bus.metrics()).toMatchObject({ handlerDropped: 1, resyncs });
  });
});

describe('MeshBus.subscribeBatch', () => {
  async function batches(pattern: string): Promise<{ publish: (keys: string[]) => Promise<void>; heard: string[] }> {
    const { publish, bus } = await pair({});
    const heard: string[] = [];
    bus.subscribeBatch(pattern, (events: readonly MeshEvent[]) => heard.push(events.map(({ key }) => key).join()));
    return { publish, heard };
  }

  it('tells all events of a datagram at once, and one as a list too', async () => {
    const { publish, heard } = await batches('k:*');
    await publish([...keysOf(3), 'other']);
    await publish(['k:one']);
    await publish(['other']);
    expect(heard).toEqual(['k:0,k:1,k:2', 'k:one']);
  });

  it('tells own events of one turn at once', async () => {
    const bus = world.bus({ selfDelivery: true });
    await world.until(bus.start());
    const heard: string[] = [];
    bus.subscribe('k:*', ({ key }) => heard.push(key));
    bus.subscribeBatch('k:*', (events) => heard.push(events.map(({ key }) => key).join()));
    const sent = [bus.publish('k:0'), bus.publish(['k:1', 'k:2'])];
    await world.until(Promise.all(sent));
    expect(heard).toEqual(['k:0', 'k:1', 'k:2', 'k:0,k:1,k:2']);
  });

  it('gives each of several subscribers a list of its own', async () => {
    const { publish, bus } = await pair({});
    const lists: unknown[] = [];
    for (const pattern of ['k:*', '*']) bus.subscribeBatch(pattern, (events) => lists.push(events));
    await publish(['k:1']);
    expect(lists).toHaveLength(2);
    expect(lists[0]).not.toBe(lists[1]);
  });

  it('does not tell one that is unsubscribed before the end of the turn', async () => {
    const { publish, bus } = await pair({});
    let calls = 0;
    const subscription = bus.subscribeBatch('k:*', () => calls++);
    bus.subscribe('k:*', () => subscription.unsubscribe());
    await publish(['k:1']);
    expect(calls).toBe(0);
  });

  it('counts and logs a listener that fails once, and tells the others', async () => {
    const { publish, bus } = await pair({});
    let told = 0;
    bus.subscribeBatch('k:*', () => {
      throw new Error('secret words');
    });
    bus.subscribeBatch('k:*', (events) => (told += events.length));
    await publish(keysOf(3));
    expect(told).toBe(3);
    expect(bus.metrics().handlerFailures).toBe(1);
    expect(warnings).toEqual([expect.stringContaining('a mesh handler of "k:*" failed')]);
  });
});
