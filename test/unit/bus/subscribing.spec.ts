import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { MeshBus } from '../../../lib/bus/mesh-bus.js';
import { MeshError } from '../../../lib/errors/mesh-error.js';
import { codeThrownBy } from '../../support/codes.js';
import { MemoryWorld } from '../../support/memory-world.js';

let world: MemoryWorld;
let sender: MeshBus;
let bus: MeshBus;
let warnings: string[];

beforeEach(async () => {
  world = new MemoryWorld();
  warnings = [];
  const logger = { error: () => {}, warn: (message: string) => warnings.push(message), log: () => {} };
  [sender, bus] = [world.bus(), world.bus({ logger })];
  await world.until(Promise.all([sender.start(), bus.start()]));
  await world.until(Promise.all([sender.waitForPeers(1), bus.waitForPeers(1)]));
});
afterEach(() => world.close());

async function publish(...keys: string[]): Promise<void> {
  await world.until(sender.publish(keys));
  await world.advance(10);
}

describe('MeshBus.subscribe', () => {
  it('takes globs and exact keys', async () => {
    const heard: string[] = [];
    for (const pattern of ['user:*', 'user:42', 'user:\\*', 'us?r:[0-9]', 'order:1']) {
      const subscription = bus.subscribe(pattern, ({ key }) => heard.push(`${pattern} ${key}`));
      expect(subscription.pattern).toBe(pattern);
    }
    await publish('user:42', 'user:*', 'user:1', 'order:10');
    expect(heard).toEqual([
      'user:* user:42',
      'user:42 user:42',
      'user:* user:*',
      'user:\\* user:*',
      'user:* user:1',
      'us?r:[0-9] user:1',
    ]);
  });

  it('works before start()', async () => {
    const late = world.bus();
    const heard: string[] = [];
    late.subscribe('*', ({ key }) => heard.push(key));
    await world.until(late.start());
    await world.until(sender.waitForPeers(2));
    await publish('k');
    expect(heard).toEqual(['k']);
  });

  it('tells a listener under several patterns once', async () => {
    let calls = 0;
    const listener = (): number => calls++;
    for (const pattern of ['a:*', 'a:b', 'a:b', '*']) bus.subscribe(pattern, listener);
    await publish('a:b');
    expect(calls).toBe(1);
  });

  it('unsubscribes, as often as one likes', async () => {
    let calls = 0;
    const [first, second] = [bus.subscribe('*', () => calls++), bus.subscribe('k', () => calls++)];
    first.unsubscribe();
    first.unsubscribe();
    bus.unsubscribe(second);
    bus.unsubscribe(second);
    await publish('k');
    expect(calls).toBe(0);
    expect(bus.snapshot().subscriptions).toBe(0);
  });

  it('unsubscribes with its signal', async () => {
    const heard: string[] = [];
    const controller = new AbortController();
    bus.subscribe('*', ({ key }) => heard.push(key), { signal: controller.signal });
    bus.subscribe('*', ({ key }) => heard.push(`never ${key}`), { signal: AbortSignal.abort() });
    await publish('a');
    controller.abort();
    await publish('b');
    expect(heard).toEqual(['a']);
  });

  it('lets listeners subscribe and unsubscribe while an event is told', async () => {
    const heard: string[] = [];
    bus.subscribe('k', () => {
      heard.push('first');
      second.unsubscribe();
      bus.subscribe('k', () => heard.push('late'));
    });
    const second = bus.subscribe('k', () => heard.push('second'));
    bus.subscribe('*', () => heard.push('third'));
    await publish('k');
    expect(heard).toEqual(['first', 'third']);
  });

  it('lets listeners publish', async () => {
    const heard: string[] = [];
    bus.subscribe('ping', () => void bus.publish('pong'));
    sender.subscribe('pong', ({ key }) => heard.push(key));
    await publish('ping');
    await world.advance(10);
    expect(heard).toEqual(['pong']);
  });

  it('lets a listener close the bus', async () => {
    const heard: string[] = [];
    bus.subscribe('*', ({ key }) => {
      heard.push(key);
      void bus.close();
    });
    await publish('a');
    await world.until(bus.close());
    await publish('b');
    expect(heard).toEqual(['a']);
  });

  it('keeps failing listeners to themselves: counted, and logged by their code once in a while', async () => {
    let calls = 0;
    bus.subscribe('*', () => {
      throw new TypeError('user 42 has no name');
    });
    bus.subscribe('*', () => Promise.reject(Object.assign(new Error('no route'), { code: 'ENETUNREACH' })));
    bus.subscribe('*', () => calls++);
    await publish('a', 'b');
    expect(calls).toBe(2);
    expect(bus.metrics().handlerFailures).toBe(4);
    expect(warnings).toEqual(['a mesh handler of "*" failed: TypeError']);
    await world.advance(10_000);
    await publish('c');
    expect(warnings).toHaveLength(2);
    expect(warnings[1]).toBe('a mesh handler of "*" failed: TypeError, and 3 more since this was last said');
  });

  it.each([
    ['nothing', undefined, 'undefined'],
    ['text', 'secret', 'string'],
    ['an error with a code', Object.assign(new Error('no route'), { code: 'ENETUNREACH' }), 'Error (ENETUNREACH)'],
    ['a code alone', { code: 'E_42' }, 'E_42'],
    [
      "what Nest's filter leaves",
      { status: 'error', message: 'secret' },
      "an exception that Nest's filter has hidden (see its log, or add a filter of your own)",
    ],
    ["this library's own", new MeshError('MESH_ERR_KEY', 'the key is empty'), 'MESH_ERR_KEY: the key is empty'],
    ['an odd code', { code: 'secret text', name: 'AlsoOdd!' }, 'Error'],
    [
      'a proxy',
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('no');
          },
        },
      ),
      'Error',
    ],
  ])('logs no text of a failure that is %s', async (_name, failure, code) => {
    bus.subscribe('*', () => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- users throw anything
      throw failure;
    });
    await publish('a');
    expect(warnings).toEqual([`a mesh handler of "*" failed: ${code}`]);
  });

  it('does not name the handler of a lease, as its pattern is a key', async () => {
    bus.subscribeLease('user:42', () => {
      throw new TypeError('no');
    });
    await publish('lease:user:42');
    expect(warnings).toEqual(['a mesh handler failed: TypeError']);
  });

  it('refuses what is no pattern, no listener and no signal', async () => {
    const listener = (): void => {};
    expect(codeThrownBy(() => bus.subscribe('', listener))).toBe('MESH_ERR_PATTERN');
    expect(codeThrownBy(() => bus.subscribe('*'.repeat(1025), listener))).toBe('MESH_ERR_PATTERN');
    expect(codeThrownBy(() => bus.subscribe(7 as unknown as string, listener))).toBe('MESH_ERR_PATTERN');
    expect(codeThrownBy(() => bus.subscribe('*', undefined as unknown as () => void))).toBe('MESH_ERR_ARGUMENT');
    expect(codeThrownBy(() => bus.subscribe('*', listener, { signal: {} as AbortSignal }))).toBe('MESH_ERR_ARGUMENT');
    expect(codeThrownBy(() => bus.onStatus('x' as unknown as () => void))).toBe('MESH_ERR_ARGUMENT');
    expect(codeThrownBy(() => bus.subscribeLease('', listener))).toBe('MESH_ERR_KEY');
    expect(bus.snapshot().subscriptions).toBe(0);
    const closed = bus.close();
    expect(codeThrownBy(() => bus.subscribe('*', listener))).toBe('MESH_ERR_CLOSED');
    expect(codeThrownBy(() => bus.stream('*'))).toBe('MESH_ERR_CLOSED');
    expect(codeThrownBy(() => bus.onStatus(listener))).toBe('returned');
    await world.until(closed);
  });

  it('knows its own errors, whichever copy of the library made them', () => {
    const foreign = { [Symbol.for('nestjs-mesh.error')]: true };
    expect(foreign instanceof MeshError).toBe(true);
    expect(new Error('other') instanceof MeshError).toBe(false);
  });
});

describe('MeshBus.stream', () => {
  it('gives the events from its call on, to for await', async () => {
    const stream = bus.stream('user:*');
    await publish('user:1', 'order:1', 'user:2');
    const heard: string[] = [];
    for await (const { key } of stream) if (heard.push(key) === 2) break;
    expect(heard).toEqual(['user:1', 'user:2']);
    expect(bus.snapshot().subscriptions).toBe(0);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it('gives events to those who wait already, in their order', async () => {
    const stream = bus.stream('*');
    const [first, second] = [stream.next(), stream.next()];
    await publish('a', 'b');
    expect([(await first).value?.key, (await second).value?.key]).toEqual(['a', 'b']);
  });

  it('keeps what fits, then tells once how much is missing, and ends', async () => {
    const stream = bus.stream('*', { limit: 2 });
    await publish('a', 'b', 'c', 'd', 'e');
    expect((await stream.next()).value?.key).toBe('a');
    await publish('f');
    expect((await stream.next()).value?.key).toBe('b');
    const failed = stream.next();
    await expect(failed).rejects.toMatchObject({ code: 'MESH_ERR_STREAM_OVERFLOW' });
    await expect(failed).rejects.toThrow('4 were dropped');
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(bus.metrics().streamDropped).toBe(4);
    expect(bus.snapshot().subscriptions).toBe(0);
  });

  it('is bounded by limits.streamEvents', async () => {
    const bounded = world.bus({ limits: { streamEvents: 1 } });
    await world.until(bounded.start());
    await world.until(sender.waitForPeers(2));
    const stream = bounded.stream('*');
    await publish('a', 'b');
    await stream.next();
    await expect(stream.next()).rejects.toMatchObject({ code: 'MESH_ERR_STREAM_OVERFLOW' });
  });

  it('ends with its signal, without an error and with nothing more', async () => {
    const controller = new AbortController();
    const stream = bus.stream('*', { signal: controller.signal });
    await publish('a');
    controller.abort();
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(bus.snapshot().subscriptions).toBe(0);
    expect(await bus.stream('*', { signal: AbortSignal.abort() }).next()).toEqual({ done: true, value: undefined });
  });

  it('lets a waiting reader go with its signal', async () => {
    const controller = new AbortController();
    const stream = bus.stream('*', { signal: controller.signal });
    const waiting = stream.next();
    controller.abort();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  it('ends with the bus, when what came before has been read', async () => {
    const [reading, waiting] = [bus.stream('*'), bus.stream('never')];
    const next = waiting.next();
    await publish('a');
    await world.until(bus.close());
    expect((await reading.next()).value?.key).toBe('a');
    expect(await reading.next()).toEqual({ done: true, value: undefined });
    expect(await next).toEqual({ done: true, value: undefined });
  });

  it('lets a waiting reader go when another leaves', async () => {
    const stream = bus.stream('*');
    const waiting = stream.next();
    await stream.return!();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  it('refuses a wrong limit, pattern or signal, and leaves nothing behind', () => {
    expect(codeThrownBy(() => bus.stream(''))).toBe('MESH_ERR_PATTERN');
    for (const limit of [0, -1, 1.5, NaN])
      expect(codeThrownBy(() => bus.stream('*', { limit }))).toBe('MESH_ERR_ARGUMENT');
    expect(codeThrownBy(() => bus.stream('*', { signal: {} as AbortSignal }))).toBe('MESH_ERR_ARGUMENT');
    expect(bus.snapshot().subscriptions).toBe(0);
  });
});
