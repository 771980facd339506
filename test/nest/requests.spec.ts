import { Controller, type Type } from '@nestjs/common';
import { Ctx, Payload, type ReadPacket, Transport } from '@nestjs/microservices';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  MESH_TRANSPORT,
  MeshBus,
  MeshClient,
  MeshContext,
  MeshKey,
  MeshModule,
  type MeshOptions,
  MeshRecordBuilder,
  MeshRequestBuilder,
  MeshServer,
  meshTransport,
} from 'nestjs-mesh';
import { finalize, firstValueFrom, interval, lastValueFrom, NEVER, Observable, of, toArray } from 'rxjs';
import { Opened } from './support/applications.js';
import { isNest12 } from './support/children.js';
import { EventPattern } from './support/event-pattern.js';
import { MessagePattern } from './support/message-pattern.js';
import { Inbox } from '../support/inbox.js';
import { alone, loopback } from './support/mesh-options.js';

const NO_MESSAGE_HANDLER = 'There is no matching message handler defined in the remote service.';
const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

const opened = new Opened();
let calls: Inbox<string>;

beforeEach(() => {
  calls = new Inbox();
});
afterEach(() => opened.close());

interface Instance {
  readonly client: MeshClient;
  readonly bus: MeshBus;
}

async function instance(controllers: Type[], options: MeshOptions = alone()): Promise<Instance> {
  const app = await opened.connected({ imports: [MeshModule.forRoot(options)], controllers });
  return { client: app.get(MeshClient), bus: app.get(MeshBus) };
}

/** Two that know each other, in two zones. */
async function two(controllers: Type[]): Promise<readonly [Instance, Instance]> {
  const options = loopback();
  const instances = [
    await instance(controllers, { ...options, zone: 'eu' }),
    await instance(controllers, { ...options, zone: 'us' }),
  ] as const;
  await Promise.all(instances.map(({ bus }) => bus.waitForPeers(1)));
  return instances;
}

/** All values, in order. */
function all(answers: Observable<unknown>): Promise<unknown[]> {
  return lastValueFrom(answers.pipe(toArray()));
}

/** All values, in whatever order instances have answered. */
async function sorted(answers: Observable<unknown>): Promise<unknown[]> {
  return (await all(answers)).sort();
}

@Controller()
class SumController {
  @MessagePattern('sum')
  sum(@Payload() numbers: readonly number[]): number {
    return numbers.reduce((sum, number) => sum + number, 0);
  }

  @MessagePattern('sum:promise')
  async sumLater(@Payload() numbers: readonly number[]): Promise<number> {
    await new Promise(setImmediate);
    return this.sum(numbers);
  }

  @MessagePattern('echo')
  echo(@Payload() data: unknown): unknown {
    return data;
  }

  @MessagePattern('nothing')
  nothing(): void {
    calls.add('nothing');
  }
}

describe('MeshClient.send', () => {
  it('never mixes the answers of many that are under way', async () => {
    const [{ client }] = await two([SumController]);
    const numbers = Array.from({ length: 10 }, (_, index) => index);
    const answers = await Promise.all(numbers.map((number) => sorted(client.send('sum:promise', [number, 100]))));
    expect(answers).toEqual(numbers.map((number) => [number + 100, number + 100]));
  });

  it.each([0, '', false, [], {}, 'text', { a: [1, { b: null }] }])('carries %j, there and back', async (data) => {
    const { client } = await instance([SumController]);
    expect(await all(client.send('echo', data))).toEqual([data]);
  });

  it('carries null back', async () => {
    @Controller()
    class NullController {
      @MessagePattern('null')
      none(): null {
        return null;
      }
    }
    const { client } = await instance([NullController]);
    expect(await all(client.send('null', 1))).toEqual([null]);
  });

  it('completes without a value where a handler returns none', async () => {
    const { client } = await instance([SumController]);
    expect(await all(client.send('nothing', 1))).toStrictEqual([]);
    expect(calls.items).toEqual(['nothing']);
  });

  it('is cold: asks once for each that subscribes, and not before', async () => {
    const { client } = await instance([SumController]);
    const answers = client.send('nothing', 1);
    await all(client.send('sum', [1]));
    expect(calls.items).toEqual([]);
    await all(answers);
    await all(answers);
    expect(calls.items).toEqual(['nothing', 'nothing']);
  });

  it.each([[undefined], [null]])('refuses %s for data as Nest does', async (data) => {
    const { client } = await instance([SumController]);
    await expect(all(client.send('sum', data))).rejects.toThrow(/message pattern/);
    expect(await all(client.send('echo', new MeshRequestBuilder(data).build()))).toEqual([]);
  });

  it.each([
    ['a key that is none', '', 1, 'MESH_ERR_KEY'],
    ['data that do not serialise', 'sum', 1n, 'MESH_ERR_DATA'],
    ['metadata that are none', 'sum', new MeshRequestBuilder(1).setMetadata('a' as never).build(), 'MESH_ERR_DATA'],
    ['options that are wrong', 'sum', new MeshRequestBuilder(1).timeout(-1).build(), 'MESH_ERR_ARGUMENT'],
  ])('refuses %s', async (_, pattern, data, code) => {
    const { client } = await instance([SumController]);
    await expect(all(client.send(pattern, data))).rejects.toMatchObject({ code });
  });

  it('connects a client with a node of its own', async () => {
    const options = loopback();
    const { bus } = await instance([SumController], options);
    const client = opened.add(new MeshClient({ ...options, peers: [String(bus.address)] }));
    expect(await firstValueFrom(client.send('sum', [1, 2]))).toBe(3);
    expect(client.unwrap().status).toBe('ready');
  });

  it('fails where its bus has been closed', async () => {
    const { client, bus } = await instance([SumController]);
    await bus.close();
    await expect(all(client.send('sum', [1]))).rejects.toMatchObject({ code: 'MESH_ERR_CLOSED' });
  });

  it('fails where its client can not connect', async () => {
    const client = opened.add(new MeshClient({ ...loopback(), interface: 'none' }));
    await expect(all(client.send('sum', [1]))).rejects.toMatchObject({ code: 'MESH_ERR_CONFIG' });
  });
});

describe('a request to several instances', () => {
  @Controller()
  class WhoController {
    static made = 0;
    readonly number = WhoController.made++ % 2;

    @MessagePattern('who')
    who(@Payload() _: unknown, @Ctx() context: MeshContext): string {
      return `${this.number} ${String(context.getZone())}`;
    }

    @MessagePattern('stream')
    stream(): Observable<number> {
      return of(1, 2, 3);
    }
  }

  beforeEach(() => {
    WhoController.made = 0;
  });

  it('is answered by each, the one that asks among them', async () => {
    const [one, other] = await two([WhoController]);
    expect(await sorted(one.client.send('who', 1))).toEqual(['0 eu', '1 eu']);
    expect(await sorted(other.client.send('who', 1))).toEqual(['0 us', '1 us']);
    expect(await sorted(one.client.send('stream', 1))).toEqual([1, 1, 2, 2, 3, 3]);
  });

  it('is not answered by the one that asks with excludeSelf()', async () => {
    const [one, other] = await two([WhoController]);
    const request = new MeshRequestBuilder(1).excludeSelf().build();
    expect(await all(one.client.send('who', request))).toEqual(['1 eu']);
    expect(await all(other.client.send('who', request))).toEqual(['0 us']);
    expect(
      await all(one.client.send('who', new MeshRequestBuilder(1).excludeSelf(false).excludeSelf().build())),
    ).toEqual(['1 eu']);
  });

  it('goes to one zone with zone()', async () => {
    const [one] = await two([WhoController]);
    const ask = (zone: string) => all(one.client.send('who', new MeshRequestBuilder(1).zone(zone).build()));
    expect(await ask('us')).toEqual(['1 eu']);
    expect(await ask('eu')).toEqual(['0 eu']);
    await expect(ask('mars')).rejects.toBe(NO_MESSAGE_HANDLER);
  });

  it.each([['first' as const], [1]])('is over when one has answered with expect(%j)', async (count) => {
    const [one] = await two([WhoController]);
    const request = new MeshRequestBuilder(1).expect(count).build();
    expect(await all(one.client.send('who', request))).toHaveLength(1);
  });

  it.each([['all' as const], [2]])('is over when both have answered with expect(%j)', async (count) => {
    const [one] = await two([WhoController]);
    const request = new MeshRequestBuilder(1).expect(count).build();
    expect(await sorted(one.client.send('who', request))).toEqual(['0 eu', '1 eu']);
  });
});

describe('patterns of @MessagePattern', () => {
  @Controller()
  class PatternController {
    @MessagePattern('user:*')
    glob(@MeshKey() key: string, @Payload() _: unknown, @Ctx() context: MeshContext): unknown {
      return { key, seen: context.getKey(), pattern: context.getPattern() };
    }

    @MessagePattern('user:4[0-9]')
    later(): string {
      return 'later';
    }

    @MessagePattern('user:exact')
    exact(): string {
      return 'exact';
    }

    @MessagePattern({ cmd: 'a*', at: 1 })
    object(@MeshKey() key: string, @Payload() _: unknown, @Ctx() context: MeshContext): unknown {
      return { key, pattern: context.getPattern() };
    }

    @MessagePattern(42)
    number(): string {
      return 'number';
    }

    @MessagePattern(['1.0', 'null', 'true'])
    json(@MeshKey() key: string): string {
      return key;
    }

    @MessagePattern('own', MESH_TRANSPORT)
    own(): string {
      return 'own';
    }

    @MessagePattern('tcp', Transport.TCP)
    tcp(): string {
      return 'tcp';
    }

    @MessagePattern('eu', meshTransport('eu'))
    otherMesh(): string {
      return 'eu';
    }
  }

  it('are globs where they are strings: the context has the key and the pattern', async () => {
    const { client } = await instance([PatternController]);
    expect(await all(client.send('user:7', 1))).toEqual([{ key: 'user:7', seen: 'user:7', pattern: 'user:*' }]);
  });

  it('answer once: the exact one, else the one that was declared first', async () => {
    const { client } = await instance([PatternController]);
    expect(await all(client.send('user:exact', 1))).toEqual(['exact']);
    expect(await all(client.send('user:42', 1))).toEqual([{ key: 'user:42', seen: 'user:42', pattern: 'user:*' }]);
  });

  it('are exact where they are objects or numbers', async () => {
    const { client } = await instance([PatternController]);
    const route = '{"at":1,"cmd":"a*"}';
    expect(await all(client.send({ cmd: 'a*', at: 1 }, 1))).toEqual([{ key: route, pattern: route }]);
    expect(await all(client.send(42, 1))).toEqual(['number']);
    await expect(all(client.send({ at: 1, cmd: 'ab' }, 1))).rejects.toBe(NO_MESSAGE_HANDLER);
  });

  it.each(['1.0', 'null', 'true'])('may look like JSON: %s', async (key) => {
    const { client } = await instance([PatternController]);
    expect(await all(client.send(key, 1))).toEqual([key]);
  });

  it('belong to the mesh with its transport, or with none', async () => {
    const { client } = await instance([PatternController]);
    expect(await all(client.send('own', 1))).toEqual(['own']);
    await expect(all(client.send('tcp', 1))).rejects.toBe(NO_MESSAGE_HANDLER);
    await expect(all(client.send('eu', 1))).rejects.toBe(NO_MESSAGE_HANDLER);
  });

  it('let the last of one pattern answer, as Nest does', async () => {
    @Controller()
    class TwiceController {
      @MessagePattern('twice')
      first(): string {
        return 'first';
      }

      @MessagePattern('twice')
      second(): string {
        return 'second';
      }
    }
    const { client } = await instance([TwiceController]);
    expect(await all(client.send('twice', 1))).toEqual(['second']);
  });
});

describe('requests and events', () => {
  @Controller()
  class BothController {
    @EventPattern('both')
    onEvent(): string {
      calls.add('event');
      return 'event';
    }

    @MessagePattern('both')
    answer(): string {
      calls.add('request');
      return 'answer';
    }

    @EventPattern('event:only')
    onEventOnly(): string {
      calls.add('event only');
      return 'event only';
    }

    @MessagePattern('request:only')
    answerOnly(): string {
      calls.add('request only');
      return 'request only';
    }

    @EventPattern('last')
    onLast(): void {
      calls.add('last');
    }
  }

  it('of one pattern never reach each other', async () => {
    const { client } = await instance([BothController]);
    expect(await all(client.send('both', 1))).toEqual(['answer']);
    expect(calls.items).toEqual(['request']);
    client.emit('both', 1);
    client.emit('last');
    await calls.find((call) => call === 'last');
    expect(calls.items).toEqual(['request', 'event', 'last']);
  });

  it('stay what they are under patterns of the other', async () => {
    const { client, bus } = await instance([BothController]);
    await expect(all(client.send('event:only', 1))).rejects.toBe(NO_MESSAGE_HANDLER);
    client.emitMany(['request:only', 'last']);
    await calls.find((call) => call === 'last');
    expect(calls.items).toEqual(['last']);
    expect(bus.metrics().handlerFailures).toBe(0);
  });

  it('are both found by pattern, and events first', () => {
    const server = new MeshServer();
    const [event, request, other] = [async () => 'event', async () => 'request', async () => 'other'];
    server.addHandler('both', request, false, { a: 1 });
    server.addHandler('both', event, true);
    server.addHandler({ cmd: 'x' }, other);
    expect(server.getHandlerByPattern('both')?.isEventHandler).toBe(true);
    expect(server.getHandlerByPattern('{"cmd":"x"}')).toBe(other);
    expect(Object.entries(other)).toEqual([
      ['isEventHandler', false],
      ['extras', {}],
    ]);
    expect(server.getHandlerByPattern('none')).toBeNull();
    expect([...server.getHandlers().keys()].sort()).toEqual(['both', '{"cmd":"x"}']);
    expect(Object.entries(request)).toEqual([
      ['isEventHandler', false],
      ['extras', { a: 1 }],
    ]);
  });

  it('do not make a start with request handlers alone a resync', async () => {
    const bus = opened.add(new MeshBus(alone()));
    const resyncs: unknown[] = [];
    bus.onResync((resync) => resyncs.push(resync));
    await bus.start();
    const server = opened.add(new MeshServer(bus));
    server.addHandler('sum', async () => 1);
    await new Promise((resolve) => server.listen(resolve));
    expect(await all(new MeshClient(bus).send('sum', 1))).toEqual([1]);
    expect(resyncs).toEqual([]);
  });

  it('end for a server that is closed', async () => {
    const bus = opened.add(new MeshBus(alone()));
    const server = opened.add(new MeshServer(bus));
    server.addHandler('sum', async () => 1);
    await new Promise((resolve) => server.listen(resolve));
    const client = new MeshClient(bus);
    expect(await all(client.send('sum', 1))).toEqual([1]);
    await server.close();
    await expect(all(client.send('sum', 1))).rejects.toBe(NO_MESSAGE_HANDLER);
    await new Promise((resolve) => server.listen(resolve));
    expect(await all(client.send('sum', 1))).toEqual([1]);
  });
});

describe('a request that nobody answers', () => {
  @Controller()
  class NeverController {
    @MessagePattern('never')
    never(): Observable<never> {
      return NEVER.pipe(finalize(() => calls.add('unsubscribed')));
    }

    @MessagePattern('ticks')
    ticks(): Observable<number> {
      return interval(1).pipe(finalize(() => calls.add('unsubscribed')));
    }

    @MessagePattern('pending')
    pending(): Promise<never> {
      calls.add('called');
      return new Promise(() => undefined);
    }
  }

  it('fails with the text of Nest where nobody handles it', async () => {
    const { client } = await instance([NeverController]);
    await expect(all(client.send('nobody', 1))).rejects.toBe(NO_MESSAGE_HANDLER);
    const server = new MeshServer(alone());
    opened.add(server);
    await expect(all(opened.add(new MeshClient(alone())).send('nobody', 1))).rejects.toBe(NO_MESSAGE_HANDLER);
  });

  it('fails after its timeout, and the handler is given up', async () => {
    const { client } = await instance([NeverController]);
    const request = new MeshRequestBuilder(1).timeout(20).build();
    await expect(all(client.send('never', request))).rejects.toMatchObject({
      name: 'MeshError',
      code: 'MESH_ERR_TIMEOUT',
    });
    await calls.find((call) => call === 'unsubscribed');
  });

  it('gives its handler up when it is unsubscribed', async () => {
    const [one] = await two([NeverController]);
    const ticks = new Inbox<unknown>();
    const subscription = one.client.send('ticks', 1).subscribe(ticks.add);
    await ticks.atLeast(4);
    subscription.unsubscribe();
    const count = ticks.items.length;
    await calls.atLeast(2);
    expect(calls.items).toEqual(['unsubscribed', 'unsubscribed']);
    expect(ticks.items).toHaveLength(count);
  });

  it('is cancelled by firstValueFrom, which does not wait for others', async () => {
    const [one] = await two([NeverController]);
    expect(await firstValueFrom(one.client.send('ticks', 1))).toBe(0);
    await calls.atLeast(2);
    expect(calls.items).toEqual(['unsubscribed', 'unsubscribed']);
  });

  it.each(['never', 'pending'])('fails when its client closes: %s', async (pattern) => {
    const { client, bus } = await instance([NeverController]);
    const failed = expect(all(client.send(pattern, 1))).rejects.toMatchObject({ code: 'MESH_ERR_CLOSED' });
    await all(client.send('nobody', 1)).catch(() => undefined);
    await client.close();
    await failed;
    expect(bus.status).toBe('ready');
  });

  it('does not keep a client with a node of its own from being used again', async () => {
    const options = loopback();
    const { bus } = await instance([NeverController, SumController], options);
    const client = opened.add(new MeshClient({ ...options, peers: [String(bus.address)] }));
    await client.connect();
    const failed = expect(all(client.send('pending', 1))).rejects.toMatchObject({ code: 'MESH_ERR_CLOSED' });
    await calls.find((call) => call === 'called');
    await client.close();
    await failed;
    expect(await firstValueFrom(client.send('sum', [1, 2]))).toBe(3);
  });
});

describe('metadata of a request', () => {
  @Controller()
  class MetadataController {
    @MessagePattern('metadata')
    metadata(@Payload() data: unknown, @Ctx() context: MeshContext): unknown {
      const frozen = Object.isFrozen(context.getMetadata()) && context instanceof MeshContext;
      return { data: data ?? 'none', metadata: context.getMetadata(), origin: context.getOrigin(), frozen };
    }
  }

  function setHook(client: MeshClient, hook: (packet: ReadPacket) => void): void {
    const hookable: { setOnDispatchHook?: (hook: (packet: ReadPacket) => void) => void } = client;
    hookable.setOnDispatchHook?.(hook);
  }

  it('comes from a record of either kind', async () => {
    const { client, bus } = await instance([MetadataController]);
    const seen = { data: 1, metadata: { traceparent }, origin: bus.id, frozen: true };
    const request = new MeshRequestBuilder(1).setMetadata({ traceparent }).build();
    expect(await all(client.send('metadata', request))).toEqual([seen]);
    const record = new MeshRecordBuilder(1).setMetadata({ traceparent }).build();
    expect(await all(client.send('metadata', record))).toEqual([seen]);
    const empty = new MeshRequestBuilder().setMetadata({ traceparent }).build();
    expect(await all(client.send('metadata', empty))).toEqual([{ ...seen, data: 'none' }]);
    expect(await all(client.send('metadata', 1))).toEqual([{ ...seen, metadata: {} }]);
  });

  it('comes from a dispatch hook on Nest 12, over which a record wins', async () => {
    const { client } = await instance([MetadataController]);
    setHook(client, (packet) => Object.assign(packet, { metadata: { traceparent: 'of the hook', tenant: 'a' } }));
    const request = new MeshRequestBuilder(1).setMetadata({ traceparent }).build();
    const metadata = isNest12 ? { traceparent, tenant: 'a' } : { traceparent };
    expect(await all(client.send('metadata', request))).toMatchObject([{ metadata }]);
    const ofHook = isNest12 ? { traceparent: 'of the hook', tenant: 'a' } : {};
    expect(await all(client.send('metadata', 1))).toMatchObject([{ metadata: ofHook }]);
  });
});

describe('MeshRequestBuilder', () => {
  it('takes the last word on each option, and keeps what was built', () => {
    const builder = new MeshRequestBuilder(1).expect(2).timeout(3).zone('a').excludeSelf().setMetadata({ a: 'b' });
    const first = builder.build();
    const options = { expect: 2, timeout: 3, zone: 'a', excludeSelf: true, metadata: { a: 'b' } };
    expect(first).toMatchObject({ data: 1, options });
    const second = builder.setData(2).expect('first').zone(undefined).excludeSelf(false).build();
    expect(second).toMatchObject({
      data: 2,
      options: { ...options, expect: 'first', zone: undefined, excludeSelf: false },
    });
    expect(first).toMatchObject({ data: 1, options });
  });

  it('makes records that emit() takes, too', async () => {
    const { client, bus } = await instance([]);
    const heard = new Inbox<unknown>();
    bus.subscribe('key', ({ data, metadata }) => heard.add({ data, metadata: { ...metadata } }));
    client.emit('key', new MeshRequestBuilder(1).timeout(-1).setMetadata({ a: 'b' }).build());
    expect(await heard.atLeast(1)).toEqual([{ data: 1, metadata: { a: 'b' } }]);
  });
});

/** A text that takes so many bytes as JSON. */
function textOf(bytes: number): string {
  return 'abcdefgh'.repeat(bytes / 8).slice(2);
}

@Controller()
class LongController {
  @MessagePattern('long')
  answer(@Payload() text: string, @Ctx() context: MeshContext): Observable<string> {
    calls.add(`${text.length} ${context.getMetadata().traceparent}`);
    return of(textOf(60 * 1024), text);
  }

  @EventPattern('long:event')
  hear(@Payload() text: string, @MeshKey() key: string): void {
    calls.add(`${key} ${text.length}`);
  }
}

describe('what is longer than a datagram', () => {
  it('is asked, answered and emitted, up to 64 KiB', async () => {
    const [asking, other] = await two([LongController]);
    const [question, answer] = [textOf(60 * 1024), textOf(60 * 1024)];
    const record = new MeshRequestBuilder(question).setMetadata({ traceparent }).build();
    expect(await all(asking.client.send<string>('long', record))).toEqual([answer, question, answer, question]);
    await calls.atLeast(2);
    expect(calls.items).toEqual(Array.from({ length: 2 }, () => `${question.length} ${traceparent}`));
    await lastValueFrom(other.client.emit('long:event', textOf(64 * 1024)));
    await calls.find((call) => call === `long:event ${64 * 1024 - 2}`);
  });

  it('fails beyond that with an error that says so', async () => {
    const { client } = await instance([LongController]);
    const tooLong = `${textOf(64 * 1024)}x`;
    const failure = { code: 'MESH_ERR_DATA_TOO_LARGE', message: expect.stringContaining('65537') as unknown };
    await expect(lastValueFrom(client.emit('long:event', tooLong))).rejects.toMatchObject(failure);
    await expect(lastValueFrom(client.send('long', tooLong))).rejects.toMatchObject(failure);
    expect(calls.items).toEqual([]);
  });
});

const signals = new Inbox<AbortSignal>();

@Controller()
class PatientController {
  @MessagePattern('patient')
  async answer(@Ctx() context: MeshContext): Promise<string> {
    const signal = context.getSignal()!;
    signals.add(signal);
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    calls.add(`stopped at ${context.getKey()}`);
    return 'nobody hears this';
  }

  @EventPattern('patient')
  hear(@Ctx() context: MeshContext): void {
    calls.add(`event with ${typeof context.getSignal()}`);
  }
}

describe('a handler that returns a promise', () => {
  it('is told by the signal of its context that nobody waits any more', async () => {
    const { client } = await instance([PatientController]);
    const asked = client.send('patient', {}).subscribe();
    const before = signals.items.length;
    const [signal] = (await signals.atLeast(before + 1)).slice(-1);
    expect([signal!.aborted, calls.items]).toEqual([false, []]);
    asked.unsubscribe();
    await calls.find((call) => call === 'stopped at patient');
    const late = client.send('patient', new MeshRequestBuilder({}).timeout(50).build());
    await expect(lastValueFrom(late)).rejects.toMatchObject({ code: 'MESH_ERR_TIMEOUT' });
    await calls.atLeast(2);
    expect(calls.items).toEqual(['stopped at patient', 'stopped at patient']);
  });

  it('has none where it is of an event', async () => {
    const [{ client }] = await two([PatientController]);
    await lastValueFrom(client.emit('patient', {}));
    await calls.find((call) => call === 'event with undefined');
  });
});

@Controller()
class SlowController {
  @MessagePattern('slow')
  async answer(@Payload() index: number): Promise<number> {
    calls.add(`slow ${index}`);
    await released;
    return index;
  }
}

let released: Promise<void>;
let release: () => void;

describe('limits.handlers', () => {
  beforeEach(() => {
    released = new Promise((resolve) => (release = resolve));
  });

  it('bounds handlers of requests, lets others wait, and refuses what is more', async () => {
    const limits = { handlers: 2, handlerEvents: 2 };
    const { client, bus } = await instance([SlowController], { ...alone(), limits });
    const answers = [1, 2, 3, 4, 5].map((index) => lastValueFrom(client.send<number>('slow', index)));
    await expect(answers[4]).rejects.toContain('too many requests wait');
    await calls.atLeast(2);
    expect([calls.items, bus.metrics().requestsRefused]).toEqual([['slow 1', 'slow 2'], 1]);
    release();
    expect(await Promise.all(answers.slice(0, 4))).toEqual([1, 2, 3, 4]);
  });

  it('is waited for by the application that closes', async () => {
    const [asking, other] = await two([SlowController]);
    const answers = all(asking.client.send<number>('slow', new MeshRequestBuilder(1).excludeSelf().build()));
    await calls.atLeast(1);
    const closing = other.bus.close();
    await new Promise(setImmediate);
    release();
    expect(await answers).toEqual([1]);
    await closing;
  });
});
