import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { MeshBus } from '../../../lib/bus/mesh-bus.js';
import type { MeshOptions } from '../../../lib/options/mesh-options.js';
import { fragmentCount } from '../../../lib/wire/fragment-codec.js';
import { MemoryWorld } from '../../support/memory-world.js';

const LONG = 'x'.repeat(50_000);
/** With the quotes of JSON. */
const FRAGMENTS = fragmentCount(LONG.length + 2);

let world: MemoryWorld;

beforeEach(() => {
  world = new MemoryWorld();
});
afterEach(() => world.close());

/** Two of which one sends, and the other is bounded. */
async function pair(limits: MeshOptions['limits']): Promise<[MeshBus, MeshBus]> {
  const buses = [world.bus(), world.bus({ limits })] as const;
  await world.until(Promise.all(buses.map((bus) => bus.start())));
  await world.until(Promise.all(buses.map((bus) => bus.waitForPeers(1))));
  return [...buses];
}

/** Long and short ones by turns, one after the other. */
async function publish(bus: MeshBus, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    await world.until(bus.publish(`k:${index}`, index % 2 === 0 ? { data: LONG } : {}));
    await world.advance(10);
  }
}

describe('what comes in fragments', () => {
  it('takes the room of as many events that wait for a handler', async () => {
    const [sender, bus] = await pair({ handlers: 1, handlerEvents: 2 * FRAGMENTS + 3 });
    bus.onResync(() => {});
    const ends: (() => void)[] = [];
    const begun: string[] = [];
    const hear = async ({ key }: { key: string }): Promise<void> => {
      begun.push(key);
      await new Promise<void>((resolve) => ends.push(resolve));
    };
    const gone = bus.subscribe('k:*', hear);
    // The first is under way; two long and two short ones leave room for one behind them.
    await publish(sender, 5);
    expect(bus.metrics().handlerDropped).toBe(0);
    await world.until(sender.publish(['k:more', 'k:still more']));
    await world.advance(10);
    expect(bus.metrics().handlerDropped).toBe(1);
    gone.unsubscribe();
    bus.subscribe('k:*', hear);
    await publish(sender, 5);
    expect(bus.metrics().handlerDropped).toBe(1);
    for (let ended = 0; ended < 7; ended++) {
      for (const end of ends.splice(0)) end();
      await world.advance(0);
    }
    expect(begun).toEqual(['k:0', 'k:0', 'k:1', 'k:2', 'k:3', 'k:4']);
    await publish(sender, 5);
    expect(bus.metrics().handlerDropped).toBe(1);
  });

  it('takes the room of as many questions', async () => {
    const [asking, bus] = await pair({ handlers: 1, handlerEvents: FRAGMENTS + 1 });
    bus.respond('q', async () => new Promise(() => {}));
    const failures: unknown[] = [];
    const ask = (data: unknown): (() => void) =>
      asking.request('q', { data }, { next: () => {}, error: (reason) => failures.push(reason), complete: () => {} });
    ask('under way');
    const cancel = ask(LONG);
    ask('fits beside it');
    await world.advance(10);
    expect(failures).toEqual([]);
    ask('one too many');
    await world.advance(10);
    expect(failures).toEqual([expect.stringContaining('too many requests wait')]);
    cancel();
    await world.advance(10);
    for (let index = 0; index < FRAGMENTS; index++) ask(index);
    await world.advance(10);
    expect(failures).toHaveLength(1);
    ask('one too many again');
    await world.advance(10);
    expect(failures).toHaveLength(2);
  });

  it('takes the room of as many events in a stream', async () => {
    const [sender, bus] = await pair({ streamEvents: FRAGMENTS + 2 });
    const stream = bus.stream('k:*');
    await publish(sender, 3);
    expect(bus.metrics().streamDropped).toBe(0);
    for (let index = 0; index < 3; index++) expect((await stream.next()).value?.key).toBe(`k:${index}`);
    await publish(sender, 4);
    expect(bus.metrics().streamDropped).toBe(1);
  });
});
