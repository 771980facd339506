import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { MeshBus } from '../../../lib/bus/mesh-bus.js';
import type { MeshReply, MeshRequest, MeshRequestOptions } from '../../../lib/bus/mesh-request.js';
import { rawData } from '../../../lib/bus/raw-data.js';
import type { MeshOptions } from '../../../lib/options/mesh-options.js';
import { PacketType } from '../../../lib/wire/packet.js';
import { MemoryWorld } from '../../support/memory-world.js';
import { lose } from '../../support/resync-causes.js';
import { seededRandom } from '../../support/seeded-random.js';

const ASK = 'cache:stats';

interface Heard {
  readonly values: unknown[];
  readonly from: string[];
  error: unknown;
  readonly ended: Promise<void>;
  readonly cancel: () => void;
}

function ask(bus: MeshBus, options: MeshRequestOptions = {}, key = ASK): Heard {
  let end!: () => void;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const heard = { values: [] as unknown[], from: [] as string[], error: undefined as unknown };
  const cancel = bus.request(key, options, {
    next: (value, from) => {
      heard.values.push(value);
      heard.from.push(from);
    },
    error: (reason) => {
      heard.error = reason;
      end();
    },
    complete: end,
  });
  return Object.assign(heard, { ended, cancel });
}

describe('MeshBus.request', () => {
  let world: MemoryWorld;
  beforeEach(() => {
    world = new MemoryWorld();
  });
  afterEach(() => world.close());

  async function mesh(count: number, options: MeshOptions = {}): Promise<[MeshBus, ...MeshBus[]]> {
    return (await world.mesh(count, { heartbeat: 1000, ...options })) as [MeshBus, ...MeshBus[]];
  }
  async function answerOf(bus: MeshBus, options?: MeshRequestOptions, key?: string): Promise<Heard> {
    const heard = ask(bus, options, key);
    await world.until(heard.ended);
    return heard;
  }
  const answerWith =
    (...values: readonly unknown[]) =>
    (_request: MeshRequest, reply: MeshReply): void => {
      for (const value of values) reply.next(value);
      reply.complete();
    };

  it('gives one value of each node that answers, this one included, and says from whom', async () => {
    const buses = await mesh(3);
    buses.forEach((bus, index) => bus.respond(ASK, answerWith({ hits: index })));
    const heard = await answerOf(buses[0]);
    expect(heard.error).toBeUndefined();
    expect([...heard.values].sort((one, other) => JSON.stringify(one).localeCompare(JSON.stringify(other)))).toEqual([
      { hits: 0 },
      { hits: 1 },
      { hits: 2 },
    ]);
    expect([...heard.from].sort()).toEqual(buses.map(({ id }) => id).sort());
  });

  it('tells who answers what was asked, with what, and by whom', async () => {
    const [bus, other] = await mesh(2, { zone: 'eu' });
    const asked: MeshRequest[] = [];
    other!.respond('cache:*', (request, reply) => {
      asked.push(request);
      reply.complete();
    });
    const heard = await answerOf(bus, { data: [1], metadata: { trace: 'x' } });
    expect([heard.values, heard.error]).toEqual([[], undefined]);
    expect(asked).toMatchObject([{ key: ASK, data: [1], origin: bus.id, zone: 'eu', metadata: { trace: 'x' } }]);
    expect(Object.isFrozen(asked[0])).toBe(true);
  });

  it('shows its own responders what those of others see, and none of its own objects', async () => {
    const [bus, other] = await mesh(2);
    const asked: MeshRequest[] = [];
    for (const each of [bus, other!]) {
      each.respond('cache:*', (request, reply) => {
        asked.push(request);
        reply.complete();
      });
    }
    const data = [{ at: new Date(0), not: undefined }];
    const metadata = { trace: 'x' };
    await answerOf(bus, { data, metadata });
    const { signal: _, ...first } = asked[0]!;
    expect(asked).toHaveLength(2);
    expect(first.data).toEqual([{ at: '1970-01-01T00:00:00.000Z' }]);
    expect(asked[1]).toMatchObject(first);
    expect(asked.map((request) => Object.isFrozen(request.metadata))).toEqual([true, true]);
    const bytes = await answerOf(bus, { data: rawData(Buffer.of(0, 1)) });
    expect([bytes.error, asked[2]?.data, asked[3]?.data]).toEqual([undefined, Buffer.of(0, 1), Buffer.of(0, 1)]);
  });

  it('gives all values of an answer in order, those that come later too', async () => {
    const [bus, other] = await mesh(2);
    let reply!: MeshReply;
    other!.respond(ASK, (_request, given) => {
      reply = given;
    });
    const heard = ask(bus);
    await world.advance(10);
    for (let value = 0; value < 100; value++) {
      reply.next(value);
      if (value % 10 === 0) await world.advance(30);
    }
    reply.next(undefined);
    reply.complete();
    reply.next('too late');
    await world.until(heard.ended);
    expect(heard.values).toEqual([...Array.from({ length: 100 }, (_, value) => value), undefined]);
  });

  it('carries values of up to 64 KiB, and refuses longer ones on the side that makes them', async () => {
    const [bus, ...others] = await mesh(4);
    const big = 'x'.repeat(64 * 1024 - 2);
    const refusals: unknown[] = [];
    for (const other of others) {
      other.respond(ASK, (_request, reply) => {
        try {
          reply.next(`${big}y`);
        } catch (error) {
          refusals.push(error);
        }
        reply.next(big);
        reply.complete();
      });
    }
    const heard = await answerOf(bus);
    expect(heard.values).toEqual([big, big, big]);
    expect(refusals).toMatchObject(others.map(() => ({ code: 'MESH_ERR_DATA_TOO_LARGE' })));
  });

  it.each([
    ['the question', [PacketType.REQUEST]],
    ['the answer', [PacketType.REPLY]],
    ['its end', [PacketType.RECEIPT]],
  ])('does not mind that %s is lost', async (_what, types) => {
    const [bus, other] = await mesh(2);
    other!.respond(ASK, answerWith(1, 2));
    lose(world, ...types);
    const heard = ask(bus);
    await world.advance(20);
    world.network.isCut = () => false;
    await world.until(heard.ended);
    expect([heard.values, heard.error]).toEqual([[1, 2], undefined]);
  });

  it('answers 200 questions of 5 values at once at 20 % loss, in order and without mixing (seed 1)', async () => {
    const [bus, ...others] = await mesh(3);
    others.forEach((other, index) =>
      other.respond('q:*', ({ key }, reply) => {
        for (let value = 0; value < 5; value++) reply.next(`${key} ${index} ${value}`);
        reply.complete();
      }),
    );
    const random = seededRandom(1);
    let lost = 0;
    world.network.isCut = () => {
      const isLost = random.u32() % 5 === 0;
      if (isLost) lost++;
      return isLost;
    };
    const all = Array.from({ length: 200 }, (_, index) => ask(bus, { timeout: 30_000 }, `q:${index}`));
    await world.until(Promise.all(all.map(({ ended }) => ended)));
    expect(lost).toBeGreaterThan(100);
    for (const [index, { values, error }] of all.entries()) {
      expect(error).toBeUndefined();
      for (const node of [0, 1]) {
        expect(values.filter((value) => String(value).includes(` ${node} `))).toEqual(
          [0, 1, 2, 3, 4].map((value) => `q:${index} ${node} ${value}`),
        );
      }
    }
  });

  it('prefers the exact responder, and then the one that was there first', async () => {
    const [bus, other] = await mesh(2);
    other!.respond('cache:*', answerWith('first'));
    other!.respond('*', answerWith('second'));
    const exact = other!.respond(ASK, answerWith('exact'));
    expect((await answerOf(bus)).values).toEqual(['exact']);
    exact.unsubscribe();
    expect((await answerOf(bus)).values).toEqual(['first']);
    other!.respond('cache:\\*', answerWith('escaped'));
    expect((await answerOf(bus, {}, 'cache:*')).values).toEqual(['escaped']);
  });

  it('is over when so many have answered as are expected', async () => {
    const [bus, quick, slow] = await mesh(3);
    quick!.respond(ASK, answerWith('quick'));
    const gone: boolean[] = [];
    slow!.respond(ASK, ({ signal }) => {
      signal.addEventListener('abort', () => gone.push(signal.aborted));
    });
    expect((await answerOf(bus, { expect: 'first' })).values).toEqual(['quick']);
    expect((await answerOf(bus, { expect: 1 })).values).toEqual(['quick']);
    await world.advance(100);
    expect(gone).toEqual([true, true]);
  });

  it('asks one zone only, and not itself, where it is told to', async () => {
    const buses = ['eu', 'us', 'us'].map((zone) => world.bus({ zone }));
    await world.until(Promise.all(buses.map((bus) => bus.start())));
    await world.until(Promise.all(buses.map((bus) => bus.waitForPeers(2))));
    for (const bus of buses) bus.respond(ASK, answerWith(bus.id));
    const [first, second, third] = buses as [MeshBus, MeshBus, MeshBus];
    expect((await answerOf(first, { zone: 'eu' })).values).toEqual([first.id]);
    expect((await answerOf(first, { zone: 'us' })).values.sort()).toEqual([second.id, third.id].sort());
    expect((await answerOf(second, { zone: 'us', excludeSelf: true })).values).toEqual([third.id]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no');
      },
      'no',
    ],
    ['says so', (_request: MeshRequest, reply: MeshReply) => reply.error({ status: 'error' }), { status: 'error' }],
  ])('tells of one that %s behind what the others say', async (_how, responder, reason) => {
    const [bus, bad, good] = await mesh(3);
    bad!.respond(ASK, responder);
    good!.respond(ASK, answerWith('fine'));
    const heard = await answerOf(bus);
    expect([heard.values, heard.error]).toEqual([['fine'], reason]);
  });

  it('is refused where nobody answers such a question, and where nobody is there', async () => {
    const [bus, other] = await mesh(2);
    other!.respond('other', answerWith(1));
    expect((await answerOf(bus)).error).toMatchObject({ code: 'MESH_ERR_NO_HANDLER' });
    const [alone] = [world.bus({ cluster: 'alone' })];
    await world.until(alone.start());
    expect((await answerOf(alone)).error).toMatchObject({ code: 'MESH_ERR_NO_HANDLER' });
    alone.respond(ASK, answerWith('myself'));
    expect((await answerOf(alone)).values).toEqual(['myself']);
  });

  it('is over after its time: an error where nobody has answered, else what has come', async () => {
    const [bus, quick, slow] = await mesh(3);
    slow!.respond(ASK, () => undefined);
    expect((await answerOf(bus, { timeout: 200 })).error).toMatchObject({ code: 'MESH_ERR_TIMEOUT' });
    quick!.respond(ASK, answerWith('quick'));
    const heard = await answerOf(bus, { timeout: 200 });
    expect([heard.values, heard.error]).toEqual([['quick'], undefined]);
  });

  it('does not wait for one that leaves, and cancels at those whose asker leaves', async () => {
    const [bus, staying, going] = await mesh(3);
    staying!.respond(ASK, answerWith('here'));
    going!.respond(ASK, () => undefined);
    const heard = ask(bus);
    await world.advance(10);
    await world.until(going!.close());
    await world.until(heard.ended);
    expect([heard.values, heard.error]).toEqual([['here'], undefined]);
    let signal!: AbortSignal;
    staying!.respond('long', (request) => {
      signal = request.signal;
    });
    ask(bus, {}, 'long');
    await world.advance(10);
    await world.until(bus.close());
    await world.advance(10);
    expect(signal.aborted).toBe(true);
  });

  it('is cancelled, and nothing more is told', async () => {
    const [bus, other] = await mesh(2);
    let given!: MeshReply;
    let signal!: AbortSignal;
    other!.respond(ASK, (request, reply) => {
      [given, signal] = [reply, request.signal];
      reply.next(1);
    });
    const heard = ask(bus);
    await world.advance(10);
    heard.cancel();
    await world.advance(10);
    expect(signal.aborted).toBe(true);
    given.next(2);
    given.complete();
    await world.advance(100);
    expect([heard.values, heard.error]).toEqual([[1], undefined]);
  });

  it('reaches no subscriber and moves no fence, and events reach no responder', async () => {
    const [bus, other] = await mesh(2);
    const events: string[] = [];
    let questions = 0;
    other!.subscribe('*', ({ key }) => events.push(key));
    other!.respond('*', (_request, reply) => {
      questions++;
      reply.complete();
    });
    const fence = other!.fence(ASK);
    await answerOf(bus);
    expect([events, questions, fence.isCurrent()]).toEqual([[], 1, true]);
    await world.until(bus.publish(ASK));
    await world.advance(10);
    expect([events, questions]).toEqual([[ASK], 1]);
  });

  it('refuses what is wrong at once, and ends with the bus', async () => {
    const [bus, other] = await mesh(2);
    other!.respond(ASK, () => undefined);
    const observer = { next: () => {}, error: () => {}, complete: () => {} };
    expect(() => bus.request('', {}, observer)).toThrow(expect.objectContaining({ code: 'MESH_ERR_KEY' }));
    const wrong: [MeshRequestOptions, string][] = [
      [{ data: 'x'.repeat(65_535) }, 'MESH_ERR_DATA_TOO_LARGE'],
      [{ zone: 'z'.repeat(1200) }, 'MESH_ERR_ARGUMENT'],
      [{ timeout: -1 }, 'MESH_ERR_ARGUMENT'],
      [{ expect: 0 }, 'MESH_ERR_ARGUMENT'],
    ];
    for (const [options, code] of wrong) {
      expect(() => bus.request(ASK, options, observer)).toThrow(expect.objectContaining({ code }));
    }
    const heard = ask(bus);
    await world.advance(10);
    await world.until(bus.close());
    expect(heard.error).toMatchObject({ code: 'MESH_ERR_CLOSED' });
  });
});
