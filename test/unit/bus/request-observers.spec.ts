import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { MeshBus } from '../../../lib/bus/mesh-bus.js';
import type { MeshReplyObserver } from '../../../lib/bus/mesh-request.js';
import type { MeshOptions } from '../../../lib/options/mesh-options.js';
import { MemoryWorld } from '../../support/memory-world.js';

const ASK = 'cache:stats';

let world: MemoryWorld;
let told: unknown[];

beforeEach(() => {
  world = new MemoryWorld();
  told = [];
});
afterEach(() => world.close());

async function two(options?: MeshOptions): Promise<[MeshBus, MeshBus]> {
  return (await world.mesh(2, { heartbeat: 1000, ...options })) as [MeshBus, MeshBus];
}

function fail(): never {
  throw new Error('an observer');
}

const failing: MeshReplyObserver = { next: fail, error: fail, complete: fail };
const noting: MeshReplyObserver = {
  next: (value) => void told.push(value),
  error: (reason) => void told.push((reason as { readonly code: unknown }).code),
  complete: () => void told.push('complete'),
};

describe('an observer of answers', () => {
  it('that throws is counted, and disturbs neither who answers nor who else asks', async () => {
    const [bus, other] = await two();
    for (const one of [bus, other]) {
      one.respond(ASK, (_request, reply) => {
        reply.next('value');
        reply.complete();
      });
    }
    for (const observer of [failing, noting]) bus.request(ASK, {}, observer);
    await world.advance(100);
    expect(told).toEqual(['value', 'value', 'complete']);
    expect(bus.metrics().handlerFailures).toBe(3);
  });

  it('that throws when nobody answers, or the time is over, ends no process', async () => {
    const [bus, other] = await two();
    other.respond(ASK, () => undefined);
    bus.request('unknown', { excludeSelf: true }, failing);
    bus.request(ASK, { timeout: 10 }, failing);
    await world.advance(100);
    expect(bus.metrics().handlerFailures).toBe(2);
  });

  it('that throws keeps no bus from closing, nor others from being told', async () => {
    const [bus, other] = await two();
    other.respond(ASK, () => undefined);
    for (const observer of [failing, noting]) bus.request(ASK, {}, observer);
    await world.advance(10);
    await world.until(bus.close());
    expect([bus.status, told]).toEqual(['closed', ['MESH_ERR_CLOSED']]);
  });

  it('is told nothing where more waits than may, which is thrown', async () => {
    const [bus] = await two({ limits: { pendingKeys: 1 } });
    const ask = (): unknown => bus.request(ASK, { data: 'x'.repeat(3000), timeout: 10 }, noting);
    expect(ask).toThrow(expect.objectContaining({ code: 'MESH_ERR_BACKPRESSURE' }));
    await world.advance(100);
    expect(told).toEqual([]);
  });

  it('is refused at once where it is none', async () => {
    const [bus] = await two();
    for (const observer of [undefined, null, {}, { next: () => undefined, error: () => undefined }]) {
      expect(() => bus.request(ASK, {}, observer as never)).toThrow(
        expect.objectContaining({ code: 'MESH_ERR_ARGUMENT' }),
      );
    }
    await world.advance(10_000);
  });
});

describe('a request that is none', () => {
  const wrong: [name: string, zone: unknown][] = [
    ['a number', 42],
    ['null', null],
    ['an empty text', ''],
    ['a lone surrogate', '\ud800'],
    ['a text that is too long', 'z'.repeat(33)],
  ];

  it.each(wrong)('is refused: its zone is %s', async (_name, zone) => {
    const [bus] = await two();
    const call = (): unknown => bus.request(ASK, { zone: zone as string }, noting);
    expect(call).toThrow(expect.objectContaining({ code: 'MESH_ERR_ARGUMENT' }));
    expect(() => bus.request(ASK, { zone: 'z'.repeat(32) }, noting)).not.toThrow();
  });

  it('is refused before the bus is started', () => {
    const call = (): unknown => world.bus().request(ASK, {}, noting);
    expect(call).toThrow(expect.objectContaining({ code: 'MESH_ERR_NOT_STARTED' }));
  });
});
