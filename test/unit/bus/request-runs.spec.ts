import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { MeshBus } from '../../../lib/bus/mesh-bus.js';
import type { MeshReply, MeshRequest } from '../../../lib/bus/mesh-request.js';
import type { MeshOptions } from '../../../lib/options/mesh-options.js';
import { MemoryWorld } from '../../support/memory-world.js';

interface Asked {
  readonly values: unknown[];
  error: unknown;
  isOver: boolean;
  readonly cancel: () => void;
}

function ask(bus: MeshBus, key: string, timeout = 30_000): Asked {
  const asked: Asked = { values: [], error: undefined, isOver: false, cancel: () => cancel() };
  const cancel = bus.request(
    key,
    { timeout },
    {
      next: (value) => asked.values.push(value),
      error: (reason) => Object.assign(asked, { error: reason, isOver: true }),
      complete: () => (asked.isOver = true),
    },
  );
  return asked;
}

/** Handlers that end when they are told to. */
class Runs {
  readonly begun: string[] = [];
  readonly signals: AbortSignal[] = [];
  readonly #open: (() => void)[] = [];

  readonly answer = async ({ key, signal }: MeshRequest, reply: MeshReply): Promise<void> => {
    this.begun.push(key);
    this.signals.push(signal);
    await new Promise<void>((resolve) => this.#open.push(resolve));
    reply.next(`answer to ${key}`);
    reply.complete();
  };

  readonly hear = async ({ key }: { readonly key: string }): Promise<void> => {
    this.begun.push(key);
    await new Promise<void>((resolve) => this.#open.push(resolve));
  };

  async end(count = 1): Promise<void> {
    for (const resolve of this.#open.splice(0, count)) resolve();
    await world.advance(0);
  }
}

let world: MemoryWorld;
let runs: Runs;
let warnings: string[];

beforeEach(() => {
  world = new MemoryWorld();
  runs = new Runs();
  warnings = [];
});
afterEach(() => world.close());

/** One that asks, and one that answers and is bounded. */
async function pair(limits: MeshOptions['limits'] = {}): Promise<[MeshBus, MeshBus]> {
  const logger = { error: () => {}, warn: (message: string) => warnings.push(message), log: () => {} };
  const buses = [world.bus({ heartbeat: 1000 }), world.bus({ heartbeat: 1000, logger, limits })] as const;
  await world.until(Promise.all(buses.map((bus) => bus.start())));
  await world.until(Promise.all(buses.map((bus) => bus.waitForPeers(1))));
  return [...buses];
}

describe('the bounds of handlers, for requests', () => {
  it('lets so many be under way, others wait in order, and refuses what is more by a failure that says why', async () => {
    const [asking, bus] = await pair({ handlers: 2, handlerEvents: 3 });
    bus.respond('q:*', runs.answer);
    const asked: Asked[] = [];
    for (let index = 0; index < 7; index++) {
      asked.push(ask(asking, `q:${index}`));
      await world.advance(1);
    }
    expect(runs.begun).toEqual(['q:0', 'q:1']);
    expect(asked.map(({ error }) => error)).toEqual([
      ...Array.from({ length: 5 }, () => undefined),
      ...Array.from({ length: 2 }, () => expect.stringContaining('too many requests wait') as unknown),
    ]);
    expect(bus.metrics()).toMatchObject({ requestsRefused: 2, handlerDropped: 0, resyncs: 0 });
    expect(warnings.filter((text) => text.includes('limits.handlerEvents'))).toHaveLength(1);
    for (let round = 0; round < 5; round++) await runs.end();
    await world.advance(10);
    expect(runs.begun).toEqual(['q:0', 'q:1', 'q:2', 'q:3', 'q:4']);
    expect(asked.slice(0, 5).map(({ values, isOver }) => [values, isOver])).toEqual(
      [0, 1, 2, 3, 4].map((index) => [[`answer to q:${index}`], true]),
    );
  });

  it('is one for events and requests, which take turns where both wait', async () => {
    const [asking, bus] = await pair({ handlers: 1, handlerEvents: 10 });
    bus.respond('q:*', runs.answer);
    bus.subscribe('k:*', runs.hear);
    const begin = async (name: string): Promise<void> => {
      if (name.startsWith('q')) ask(asking, name);
      else await world.until(asking.publish(name));
      await world.advance(1);
    };
    // Who is asynchronous is known once it has been run.
    for (const name of ['q:0', 'k:0']) {
      await begin(name);
      await runs.end();
    }
    for (const name of ['k:1', 'k:2', 'k:3', 'k:4', 'q:1', 'q:2']) await begin(name);
    expect(runs.begun.slice(2)).toEqual(['k:1']);
    for (let round = 0; round < 6; round++) await runs.end();
    expect([...runs.begun.slice(2)].sort()).toEqual(['k:1', 'k:2', 'k:3', 'k:4', 'q:1', 'q:2']);
    const places = ['q:1', 'q:2', 'k:3', 'k:4'].map((name) => runs.begun.indexOf(name));
    expect(Math.max(places[0]!, places[1]!)).toBeLessThan(places[3]!);
  });

  it('keeps no room for what is cancelled while it waits, and never runs it', async () => {
    const [asking, bus] = await pair({ handlers: 1, handlerEvents: 1 });
    bus.respond('q:*', runs.answer);
    ask(asking, 'q:0');
    await world.advance(1);
    for (let index = 1; index < 50; index++) {
      const waiting = ask(asking, `q:${index}`);
      await world.advance(1);
      waiting.cancel();
      await world.advance(1);
      expect(waiting.error).toBeUndefined();
    }
    const last = ask(asking, 'q:last');
    await world.advance(1);
    await runs.end();
    await runs.end();
    await world.advance(10);
    expect([runs.begun, last.values]).toEqual([['q:0', 'q:last'], ['answer to q:last']]);
    expect(bus.metrics().requestsRefused).toBe(0);
  });

  it('counts one that was cancelled until its handler has ended', async () => {
    const [asking, bus] = await pair({ handlers: 1, handlerEvents: 1 });
    bus.respond('q:*', runs.answer);
    const first = ask(asking, 'q:0');
    await world.advance(1);
    first.cancel();
    await world.advance(5);
    ask(asking, 'q:1');
    await world.advance(5);
    expect(runs.begun).toEqual(['q:0']);
    await runs.end();
    expect(runs.begun).toEqual(['q:0', 'q:1']);
  });

  it('counts own questions to own responders too', async () => {
    const bus = world.bus({ limits: { handlers: 1, handlerEvents: 1 } });
    await world.until(bus.start());
    bus.respond('q:*', runs.answer);
    const asked = ['q:0', 'q:1', 'q:2'].map((key) => ask(bus, key));
    await world.advance(1);
    expect([runs.begun, asked.map(({ error }) => typeof error)]).toEqual([
      ['q:0'],
      ['undefined', 'undefined', 'string'],
    ]);
    await runs.end(2);
    await runs.end(2);
    expect(asked.map(({ values }) => values)).toEqual([['answer to q:0'], ['answer to q:1'], []]);
  });

  it('never lets synchronous ones wait', async () => {
    const [asking, bus] = await pair({ handlers: 1, handlerEvents: 1 });
    bus.respond('slow', runs.answer);
    bus.respond('fast', (_request, reply) => {
      reply.next(1);
      reply.complete();
    });
    ask(asking, 'slow');
    await world.advance(1);
    const asked = Array.from({ length: 20 }, () => ask(asking, 'fast'));
    await world.advance(10);
    expect(asked.map(({ values }) => values)).toEqual(asked.map(() => [1]));
    await runs.end();
  });
});

describe('a responder that returns a promise', () => {
  it('fails with what it rejects with', async () => {
    const [asking, bus] = await pair();
    bus.respond('q', async () => {
      await Promise.resolve();
      throw new Error('no such thing');
    });
    const asked = ask(asking, 'q');
    await world.advance(10);
    expect(asked).toMatchObject({ error: 'no such thing', isOver: true });
  });

  it('is told by its signal when the asker cancels, when its time is over, and when it is gone', async () => {
    const [asking, bus] = await pair();
    bus.respond('q:*', runs.answer);
    const cancelled = ask(asking, 'q:cancelled');
    ask(asking, 'q:late', 500);
    ask(asking, 'q:dead', 60_000);
    await world.advance(10);
    const aborted = (): boolean[] => runs.signals.map((signal) => signal.aborted);
    expect(aborted()).toEqual([false, false, false]);
    cancelled.cancel();
    await world.advance(5);
    expect(aborted()).toEqual([true, false, false]);
    await world.advance(500);
    expect(aborted()).toEqual([true, true, false]);
    world.network.isCut = (from, to) => from === asking.address || to === asking.address;
    await world.advance(10_000);
    expect(aborted()).toEqual([true, true, true]);
    world.network.isCut = () => false;
    await runs.end(3);
  });

  it('is waited for by close(), and its answer arrives', async () => {
    const [asking, bus] = await pair();
    bus.respond('q', runs.answer);
    const asked = ask(asking, 'q');
    await world.advance(10);
    const closing = bus.close();
    await world.advance(500);
    expect([bus.status, runs.signals[0]!.aborted]).toEqual(['closing', false]);
    await runs.end();
    await world.until(closing);
    expect(asked).toMatchObject({ values: ['answer to q'], error: undefined, isOver: true });
    expect(runs.signals[0]!.aborted).toBe(false);
  });

  it('is told by its signal when close() has waited for a second, and the asker that nobody has answered', async () => {
    const [asking, bus] = await pair();
    bus.respond('q', runs.answer);
    const asked = ask(asking, 'q');
    await world.advance(10);
    const closing = bus.close();
    await world.advance(900);
    expect(runs.signals[0]!.aborted).toBe(false);
    await world.until(closing);
    expect(runs.signals[0]!.aborted).toBe(true);
    await world.advance(100);
    expect(asked).toMatchObject({ values: [], error: { code: 'MESH_ERR_NO_HANDLER' } });
    await runs.end();
  });
});
