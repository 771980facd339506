import { Controller, type DynamicModule, type Type } from '@nestjs/common';
import { ClientsModule, Ctx, type Deserializer, Payload, type Serializer } from '@nestjs/microservices';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  MeshBatch,
  MeshBatchContext,
  MeshBus,
  MeshClient,
  MeshContext,
  type MeshEvent,
  MeshModule,
  MeshRecordBuilder,
  MeshRequestBuilder,
  MeshServer,
} from 'nestjs-mesh';
import { firstValueFrom, lastValueFrom, type Observable, of, toArray } from 'rxjs';
import { Opened } from './support/applications.js';
import { EventPattern } from './support/event-pattern.js';
import { MessagePattern } from './support/message-pattern.js';
import { Inbox } from '../support/inbox.js';
import { alone, listeningLogger, loopback, unawaited } from './support/mesh-options.js';

interface Heard {
  readonly key: string;
  readonly payload: unknown;
}

const opened = new Opened();
let heard: Inbox<Heard>;

beforeEach(() => {
  heard = new Inbox();
});
afterEach(() => opened.close());

@Controller()
class AnyController {
  @EventPattern('*')
  on(@Payload() payload: unknown, @Ctx() context: MeshContext): void {
    heard.add({ key: context.getKey(), payload });
  }
}

/** An application that hears itself, and what its bus itself is told. */
async function application(mesh: DynamicModule, controllers: Type[] = [AnyController]) {
  const app = await opened.connected({ imports: [mesh], controllers });
  const carried = new Inbox<unknown>();
  app.get(MeshBus).subscribe('*', ({ data }) => carried.add(data));
  return { client: app.get(MeshClient), server: app.get(MeshServer), carried };
}

/** Writes each byte inverted: what no JSON parser takes. */
const inverting = {
  serialize: ({ data }: { readonly data: string }) => Buffer.from(data).map((byte) => ~byte),
  deserialize: (bytes: Buffer) => Buffer.from(bytes.map((byte) => ~byte)).toString(),
} satisfies Serializer & Deserializer;

const both = { serializer: inverting, deserializer: inverting };

describe('a serializer', () => {
  it('writes, and a deserializer reads, in forRoot', async () => {
    const { client, carried } = await application(MeshModule.forRoot({ ...alone(), ...both }));
    client.emit('key', 'data');
    expect(await heard.find(() => true)).toEqual({ key: 'key', payload: 'data' });
    expect(await carried.find(() => true)).toEqual(Buffer.of(0x9b, 0x9e, 0x8b, 0x9e));
  });

  it('comes from the factory of forRootAsync, too', async () => {
    const { client, carried } = await application(
      MeshModule.forRootAsync({ useFactory: () => ({ ...alone(), ...both }) }),
    );
    client.emit('key', 'data');
    expect(await heard.find(() => true)).toEqual({ key: 'key', payload: 'data' });
    expect(await carried.find(() => true)).toEqual(Buffer.of(0x9b, 0x9e, 0x8b, 0x9e));
  });

  it('goes with the options of a client and a server with nodes of their own', async () => {
    const port = loopback().port;
    const strategy = opened.add(new MeshServer({ ...loopback(), ...unawaited, port, deserializer: inverting }));
    strategy.addHandler('*', async (payload: unknown) => heard.add({ key: 'own node', payload }), true);
    await new Promise((resolve) => strategy.listen(resolve));
    const options = { ...loopback(), port, peers: [`127.0.0.1:${port}`], serializer: inverting };
    const app = await opened.application({
      imports: [ClientsModule.register([{ name: 'MESH', customClass: MeshClient, options }])],
    });
    app.get<MeshClient>('MESH').emit('key', 'data');
    expect(await heard.find(() => true)).toEqual({ key: 'own node', payload: 'data' });
  });

  it('goes with the settings of a client and a server of a given bus', async () => {
    const bus = opened.add(new MeshBus({ ...alone(), selfDelivery: true }));
    const strategy = opened.add(new MeshServer(bus, { deserializer: inverting }));
    strategy.addHandler('*', async (payload: unknown) => heard.add({ key: 'given', payload }), true);
    await new Promise((resolve) => strategy.listen(resolve));
    opened.add(new MeshClient(bus, { serializer: inverting })).emit('key', 'data');
    expect(await heard.find(() => true)).toEqual({ key: 'given', payload: 'data' });
  });

  it('sees pattern and data, without the record around them, and metadata beside', async () => {
    const seen: unknown[] = [];
    const serializer: Serializer = {
      serialize: (packet: unknown, options) => {
        seen.push(packet, options);
        return 'written';
      },
    };
    const { client } = await application(MeshModule.forRoot({ ...alone(), serializer }));
    client.emit({ cmd: 'a' }, new MeshRecordBuilder({ id: 1 }).setMetadata({ tenant: 'b' }).build());
    client.emit('plain', 2);
    expect(await heard.atLeast(2)).toEqual([
      { key: '{"cmd":"a"}', payload: 'written' },
      { key: 'plain', payload: 'written' },
    ]);
    expect(seen).toEqual([
      { pattern: { cmd: 'a' }, data: { id: 1 } },
      { metadata: { tenant: 'b' } },
      { pattern: 'plain', data: 2 },
      { metadata: undefined },
    ]);
  });

  it('is not asked to make data of a bare key', async () => {
    const serializer: Serializer = { serialize: () => 'made up' };
    const { client } = await application(MeshModule.forRoot({ ...alone(), serializer }));
    client.emit('none');
    client.emit('null', null);
    client.emit('record', new MeshRecordBuilder().setMetadata({ a: 'b' }).build());
    client.emitMany(['one', 'two']);
    const keys = ['none', 'null', 'record', 'one', 'two'];
    expect(await heard.atLeast(keys.length)).toEqual(keys.map((key) => ({ key, payload: key })));
  });

  it.each([
    ['undefined', undefined, undefined],
    ['null', null, undefined],
    ['an object', { a: 1 }, { a: 1 }],
    ['a text', 'a', 'a'],
    ['a Uint8Array', Uint8Array.of(49), Buffer.from('1')],
    ['no bytes', new Uint8Array(0), Buffer.alloc(0)],
  ])('that returns %s', async (_, returned, carries) => {
    const serializer: Serializer = { serialize: () => returned as unknown };
    const { client, carried } = await application(MeshModule.forRoot({ ...alone(), serializer }));
    client.emit('key', 1);
    expect(await carried.atLeast(1)).toEqual([carries]);
    expect(await heard.atLeast(1)).toEqual([{ key: 'key', payload: carries ?? 'key' }]);
  });

  it('may take its time: close() waits for it', async () => {
    let write: (value: unknown) => void = () => undefined;
    const serializer: Serializer = { serialize: () => new Promise<unknown>((resolve) => (write = resolve)) };
    const bus = opened.add(new MeshBus({ ...alone(), selfDelivery: true }));
    bus.subscribe('*', ({ key, data }) => heard.add({ key, payload: data }));
    const client = new MeshClient(bus, { serializer });
    await client.connect();
    client.emit('slow', 1);
    client.emit('bare');
    let isClosed = false;
    const closed = client.close().then(() => (isClosed = true));
    await heard.find(({ key }) => key === 'bare');
    await new Promise(setImmediate);
    expect({ isClosed, heard: heard.items.length }).toEqual({ isClosed: false, heard: 1 });
    write(Buffer.from('late'));
    await closed;
    expect(await heard.atLeast(2)).toEqual([
      { key: 'bare', payload: undefined },
      { key: 'slow', payload: Buffer.from('late') },
    ]);
  });

  it.each([
    ['throws', () => raise()],
    ['rejects', () => Promise.reject(new TypeError('secret'))],
    ['returns what is no JSON', () => 1n],
    ['returns too much', () => new Uint8Array(64 * 1024)],
  ])('that %s fails its own event', async (_, serialize: () => unknown) => {
    const serializer: Serializer = { serialize };
    const { client } = await application(MeshModule.forRoot({ ...alone(), serializer }));
    const outcome = lastValueFrom(client.emit('key', 1)).then(
      () => 'sent',
      (error: unknown) => (error as { readonly code?: string }).code ?? (error as Error).name,
    );
    client.emit('next');
    await heard.find(({ key }) => key === 'next');
    expect(await outcome).toMatch(/^(TypeError|MESH_ERR_DATA|MESH_ERR_DATA_TOO_LARGE)$/);
    expect(heard.items).toEqual([{ key: 'next', payload: 'next' }]);
    expect(client.failedEmits).toBe(1);
  });
});

function raise(): never {
  throw new TypeError('secret');
}

describe('a deserializer', () => {
  it('sees what came, with its key and metadata, and once where several patterns match', async () => {
    const seen: unknown[] = [];
    const deserializer: Deserializer = {
      deserialize: (value: unknown, options) => {
        seen.push(value, options);
        return Promise.resolve({ read: value });
      },
    };
    @Controller()
    class TwoController {
      @EventPattern('key:*')
      onGlob(@Payload() payload: unknown): void {
        heard.add({ key: 'glob', payload });
      }

      @EventPattern('key:1')
      onExact(@Payload() payload: unknown): void {
        heard.add({ key: 'exact', payload });
      }
    }
    const { client } = await application(MeshModule.forRoot({ ...alone(), deserializer }), [TwoController]);
    client.emit('key:1', new MeshRecordBuilder([1]).setMetadata({ a: 'b' }).build());
    const all = await heard.atLeast(2);
    expect(all.map(({ key }) => key).sort()).toEqual(['exact', 'glob']);
    expect(all.map(({ payload }) => payload)).toEqual([{ read: [1] }, { read: [1] }]);
    expect(seen).toEqual([[1], { channel: 'key:1', metadata: { a: 'b' } }]);
  });

  it('is not asked to read a bare key', async () => {
    const deserializer: Deserializer = { deserialize: () => 'made up' };
    const { client } = await application(MeshModule.forRoot({ ...alone(), deserializer }));
    client.emit('bare');
    client.emit('full', 1);
    const all = await heard.atLeast(2);
    expect(all.find(({ key }) => key === 'bare')?.payload).toBe('bare');
    expect(all.find(({ key }) => key === 'full')?.payload).toBe('made up');
  });

  it.each([true, false])('of Nest itself is one, where packets travel: %s', async (asPackets) => {
    // Nest gives them to what was made without, and exports them in one of its majors only.
    const deserializer = Reflect.get(new MeshServer(alone()), 'deserializer') as unknown as Deserializer;
    const serializer = Reflect.get(new MeshClient(alone()), 'serializer') as unknown as Serializer;
    const options = { ...alone(), deserializer, ...(asPackets && { serializer }) };
    const { client, carried } = await application(MeshModule.forRoot(options));
    const values = [{ id: 42 }, 'text', 0, [], { data: 1 }];
    for (const data of values) client.emit('key', data);
    const all = await heard.atLeast(values.length);
    expect(all.map(({ payload }) => payload)).toEqual(values);
    expect(carried.items).toEqual(asPackets ? values.map((data) => ({ pattern: 'key', data })) : values);
  });

  it.each([
    ['throws', () => raise()],
    ['rejects', () => Promise.reject(new TypeError('secret'))],
  ])('that %s leaves the key, by which a cache drops it', async (_, deserialize: () => unknown) => {
    const logger = listeningLogger();
    const deserializer: Deserializer = { deserialize };
    @Controller()
    class OtherController {
      @EventPattern('k*')
      on(@Payload() payload: unknown, @Ctx() context: MeshContext): void {
        heard.add({ key: `other ${context.getKey()}`, payload });
      }
    }
    const { client, server } = await application(MeshModule.forRoot({ ...alone(), logger, deserializer }), [
      AnyController,
      OtherController,
    ]);
    client.emit('k:1', 'secret');
    client.emit('k:2', 'secret');
    const all = await heard.atLeast(4);
    expect(all.map(({ key, payload }) => `${key}=${String(payload)}`).sort()).toEqual([
      'k:1=k:1',
      'k:2=k:2',
      'other k:1=k:1',
      'other k:2=k:2',
    ]);
    expect(server.failedDeserializations).toBe(2);
    const warnings = logger.said.items.filter((line) => line.includes('deserializer'));
    expect(warnings).toEqual(['warn: the deserializer of the mesh failed: TypeError']);
  });

  it('reads for batch handlers, in order, and says so of their context', async () => {
    const batches = new Inbox<readonly MeshEvent[]>();
    const contexts: unknown[] = [];
    @Controller()
    class BatchController {
      @MeshBatch('*')
      on(@Payload() events: readonly MeshEvent[], @Ctx() context: MeshBatchContext): void {
        contexts.push(context.getEvents());
        batches.add(events);
      }
    }
    const deserializer: Deserializer = {
      deserialize: (value: unknown) => {
        if (value === 2) raise();
        return value === 1 ? Promise.resolve('slow') : 'fast';
      },
    };
    const { client, server } = await application(MeshModule.forRoot({ ...alone(), deserializer }), [BatchController]);
    for (const data of [1, undefined, 2, 3]) client.emit(`key:${data ?? 'bare'}`, data);
    await batches.until((all) => all.flat().length >= 4);
    expect(batches.items.flat().map(({ key, data }) => ({ key, data }))).toEqual([
      { key: 'key:1', data: 'slow' },
      { key: 'key:bare', data: undefined },
      { key: 'key:2', data: undefined },
      { key: 'key:3', data: 'fast' },
    ]);
    expect(batches.items.flat().every((event) => Object.isFrozen(event))).toBe(true);
    expect(contexts).toEqual(batches.items);
    expect(server.failedDeserializations).toBe(1);
  });

  it('gives nothing but the payload: what is not there is the key, as for a bare one', async () => {
    const deserializer: Deserializer = { deserialize: (value: unknown) => (value === 'none' ? undefined : null) };
    const { client } = await application(MeshModule.forRoot({ ...alone(), deserializer }));
    client.emit('undefined', 'none');
    client.emit('null', 'null');
    expect(await heard.atLeast(2)).toEqual([
      { key: 'undefined', payload: 'undefined' },
      { key: 'null', payload: null },
    ]);
  });
});

describe('what is no serializer', () => {
  const refused = (option: string, what: string): unknown =>
    expect.objectContaining({
      code: 'MESH_ERR_CONFIG',
      message: expect.stringMatching(new RegExp(`^${option} ${what}`)) as unknown,
    });

  it.each([
    ['serializer', 'is function', (): unknown => 1],
    ['serializer', String.raw`has no method serialize\(\)`, {}],
    ['deserializer', 'is null', null],
    ['deserializer', String.raw`has no method deserialize\(\)`, { serialize: () => 1 }],
  ])('is refused by client, server and module: %s %s', async (option, what, value) => {
    const wrong = { [option]: value as never };
    const bus = new MeshBus(alone());
    expect(() => new MeshClient({ ...alone(), ...wrong })).toThrow(refused(option, what));
    expect(() => new MeshServer({ ...alone(), ...wrong })).toThrow(refused(option, what));
    expect(() => new MeshClient(bus, wrong)).toThrow(refused(option, what));
    expect(() => new MeshServer(bus, wrong)).toThrow(refused(option, what));
    const app = opened.application({ imports: [MeshModule.forRoot({ ...alone(), ...wrong })] });
    await expect(app).rejects.toEqual(refused(option, what));
  });

  it('is no option of the bus, which stays JSON', () => {
    expect(() => new MeshBus({ ...alone(), ...both })).toThrow(expect.objectContaining({ code: 'MESH_ERR_CONFIG' }));
  });
});

describe('requests', () => {
  @Controller()
  class AskedController {
    @MessagePattern('*')
    ask(@Payload() payload: unknown, @Ctx() context: MeshContext): Observable<unknown> {
      heard.add({ key: context.getKey(), payload });
      return of('one', 'two', payload);
    }
  }

  const all = (answers: Observable<unknown>): Promise<unknown[]> => lastValueFrom(answers.pipe(toArray()));

  it('are written and read, and so are the values of their answers', async () => {
    const mesh = MeshModule.forRoot({ ...alone(), ...both });
    const app = await opened.connected({ imports: [mesh], controllers: [AskedController] });
    expect(await all(app.get(MeshClient).send('key', 'data'))).toEqual(['one', 'two', 'data']);
    expect(heard.items).toEqual([{ key: 'key', payload: 'data' }]);
    expect(await firstValueFrom(new MeshClient(app.get(MeshBus)).send('key', [154]))).toEqual(
      Buffer.from('one').map((byte) => ~byte),
    );
  });

  it('show a serializer and a deserializer what they show them of events', async () => {
    const seen: unknown[] = [];
    const note = (...args: readonly unknown[]): void => void seen.push(args);
    const serializer: Serializer = {
      serialize: (packet: { readonly data: unknown }, options) => {
        note('serialize', packet, options);
        return { written: packet.data };
      },
    };
    const deserializer: Deserializer = {
      deserialize: (value: { readonly written: unknown }, options): unknown => {
        note('deserialize', value, options);
        return { pattern: 'of a packet', data: value.written };
      },
    };
    const bus = opened.add(new MeshBus(alone()));
    const server = opened.add(new MeshServer(bus, { serializer, deserializer }));
    server.addHandler({ cmd: 'a' }, async (data) => `answer to ${String(data)}`);
    await new Promise((resolve) => server.listen(resolve));
    const client = new MeshClient(bus, { serializer, deserializer });
    const request = new MeshRequestBuilder(1).setMetadata({ tenant: 'b' }).build();
    expect(await all(client.send({ cmd: 'a' }, request))).toEqual(['answer to 1']);
    const channel = '{"cmd":"a"}';
    expect(seen).toEqual([
      ['serialize', { pattern: { cmd: 'a' }, data: 1 }, { metadata: { tenant: 'b' } }],
      ['deserialize', { written: 1 }, { channel, metadata: { tenant: 'b' } }],
      ['serialize', { pattern: channel, data: 'answer to 1' }, { metadata: undefined }],
      ['deserialize', { written: 'answer to 1' }, { channel, metadata: undefined }],
    ]);
  });

  it('without data are given to neither', async () => {
    const refuse = (): never => {
      throw new Error('asked');
    };
    const bus = opened.add(new MeshBus(alone()));
    const settings = {
      serializer: { serialize: refuse },
      deserializer: { deserialize: refuse },
      logger: false,
    } as const;
    const server = opened.add(new MeshServer(bus, settings));
    server.addHandler('key', async (payload) => heard.add({ key: 'key', payload }));
    await new Promise((resolve) => server.listen(resolve));
    const client = new MeshClient(bus, settings);
    expect(await all(client.send('key', new MeshRequestBuilder().build()))).toEqual([]);
    expect(heard.items).toEqual([{ key: 'key', payload: undefined }]);
  });

  it('keep the order of values that take their time to be read', async () => {
    const waiting: (() => void)[] = [];
    const reads = new Inbox<unknown>();
    const deserializer: Deserializer = {
      deserialize: (value: unknown): Promise<unknown> => {
        reads.add(value);
        return new Promise((resolve) => waiting.push(() => resolve(`read ${String(value)}`)));
      },
    };
    const bus = opened.add(new MeshBus(alone()));
    const server = opened.add(new MeshServer(bus));
    server.addHandler('key', async () => of('one', 'two'));
    await new Promise((resolve) => server.listen(resolve));
    const values = all(new MeshClient(bus, { deserializer }).send('key', 'data'));
    await reads.atLeast(1);
    waiting.shift()?.();
    await reads.atLeast(2);
    waiting.shift()?.();
    expect(await values).toEqual(['read one', 'read two']);
  });

  it('may be written later, and be cancelled before', async () => {
    const waiting = new Inbox<(value: unknown) => void>();
    const serializer: Serializer = { serialize: () => new Promise((resolve) => waiting.add(resolve)) };
    const bus = opened.add(new MeshBus(alone()));
    const server = opened.add(new MeshServer(bus));
    server.addHandler('key', async (payload: unknown) => (heard.add({ key: 'key', payload }), payload));
    await new Promise((resolve) => server.listen(resolve));
    const client = new MeshClient(bus, { serializer });
    const cancelled = client.send('key', 1).subscribe();
    await waiting.atLeast(1);
    cancelled.unsubscribe();
    const values = all(client.send('key', 2));
    for (const [index, write] of (await waiting.atLeast(2)).entries()) write(`written ${index + 1}`);
    expect(await values).toEqual(['written 2']);
    expect(heard.items).toEqual([{ key: 'key', payload: 'written 2' }]);
  });

  it.each([
    ['serializer', { serializer: { serialize: fail } }],
    ['serializer, later', { serializer: { serialize: async () => fail() } }],
    ['deserializer', { deserializer: { deserialize: fail } }],
  ])('fail by what the %s of their client throws', async (_, settings) => {
    const bus = opened.add(new MeshBus(alone()));
    const server = opened.add(new MeshServer(bus));
    server.addHandler('key', async (payload: unknown) => payload);
    await new Promise((resolve) => server.listen(resolve));
    await expect(all(new MeshClient(bus, settings).send('key', 1))).rejects.toThrow('secret words');
  });

  it.each([
    ['serializer', { serializer: { serialize: fail } }, 0, 'an answer to the mesh failed: Error'],
    ['serializer, later', { serializer: { serialize: async () => fail() } }, 0, 'an answer to the mesh failed: Error'],
    ['deserializer', { deserializer: { deserialize: fail } }, 1, 'the deserializer of the mesh failed: Error'],
  ])('fail, and hide it, by what the %s of a server throws', async (_, settings, count, warning) => {
    const logger = listeningLogger();
    const bus = opened.add(new MeshBus(alone()));
    const server = opened.add(new MeshServer(bus, { ...settings, logger }));
    server.addHandler('key', async (payload: unknown) => payload);
    await new Promise((resolve) => server.listen(resolve));
    const failure = { status: 'error', message: 'Internal server error' };
    await expect(all(new MeshClient(bus).send('key', 1))).rejects.toEqual(failure);
    expect(server.failedDeserializations).toBe(count);
    expect(logger.said.items).toEqual([`warn: ${warning}`]);
  });

  function fail(): never {
    throw new Error('secret words');
  }
});
