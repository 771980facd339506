import { Controller } from '@nestjs/common';
import { Ctx, Payload, type ReadPacket } from '@nestjs/microservices';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MeshClient, MeshContext, MeshModule, MeshRecord, MeshRecordBuilder } from 'nestjs-mesh';
import { lastValueFrom } from 'rxjs';
import { Opened } from './support/applications.js';
import { isNest12 } from './support/children.js';
import { EventPattern } from './support/event-pattern.js';
import { Inbox } from '../support/inbox.js';
import { alone } from './support/mesh-options.js';

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

interface Heard {
  readonly key: string;
  readonly payload: unknown;
  readonly metadata: Readonly<Record<string, string>>;
}

const opened = new Opened();
let heard: Inbox<Heard>;
let client: MeshClient;

@Controller()
class RecordController {
  @EventPattern('*')
  on(@Payload() payload: unknown, @Ctx() context: MeshContext): void {
    heard.add({ key: context.getKey(), payload, metadata: { ...context.getMetadata() } });
  }
}

beforeEach(async () => {
  heard = new Inbox();
  const app = await opened.connected({ imports: [MeshModule.forRoot(alone())], controllers: [RecordController] });
  client = app.get(MeshClient);
});
afterEach(() => opened.close());

/** What Nest 12 calls with each packet before it is sent; Nest 11 has no such hook. */
function setHook(hook: (packet: ReadPacket) => void): void {
  const hookable: { setOnDispatchHook?: (hook: (packet: ReadPacket) => void) => void } = client;
  hookable.setOnDispatchHook?.(hook);
}

describe('MeshRecordBuilder', () => {
  it('hands on data and metadata', async () => {
    client.emit('key', new MeshRecordBuilder({ id: 42 }).setMetadata({ traceparent, tenant: 'a' }).build());
    expect(await heard.find(() => true)).toEqual({
      key: 'key',
      payload: { id: 42 },
      metadata: { traceparent, tenant: 'a' },
    });
  });

  it.each([['no data'], ['null', null], ['undefined', undefined]])('makes a bare key of %s', async (_, ...data) => {
    client.emit('key', new MeshRecordBuilder(...data).setMetadata({ traceparent }).build());
    expect(await heard.find(() => true)).toEqual({ key: 'key', payload: 'key', metadata: { traceparent } });
  });

  it.each([0, '', false, [], {}])('takes %j for data', async (data) => {
    client.emit('key', new MeshRecordBuilder(data).build());
    expect(await heard.find(() => true)).toEqual({ key: 'key', payload: data, metadata: {} });
  });

  it('takes the last word on each', async () => {
    const builder = new MeshRecordBuilder<string>('first').setMetadata({ first: '1', both: '1' });
    const first = builder.build();
    client.emit('first', first);
    client.emit('second', builder.setData('second').setMetadata({ both: '2' }).build());
    client.emit('third', builder.setData(undefined).setMetadata(undefined).build());
    expect(first).toMatchObject({ data: 'first', options: { metadata: { first: '1', both: '1' } } });
    expect(await heard.atLeast(3)).toEqual([
      { key: 'first', payload: 'first', metadata: { first: '1', both: '1' } },
      { key: 'second', payload: 'second', metadata: { both: '2' } },
      { key: 'third', payload: 'third', metadata: {} },
    ]);
  });

  it('makes what a record of its own is', async () => {
    expect(new MeshRecordBuilder(1).setMetadata({ a: 'b' }).build()).toEqual(
      new MeshRecord(1, { metadata: { a: 'b' } }),
    );
    client.emit('key', new MeshRecord(1, { metadata: { a: 'b' } }));
    expect(await heard.find(() => true)).toEqual({ key: 'key', payload: 1, metadata: { a: 'b' } });
  });

  it.each([
    ['a number for a value', { a: 1 }],
    ['a text', 'a=b'],
    ['a list', ['a']],
    ['null', null],
  ])('is refused by emit() with %s for metadata', async (_, metadata) => {
    setHook((packet) => Object.assign(packet, { metadata: { of: 'the hook' } }));
    const record = new MeshRecordBuilder(1).setMetadata(metadata as never).build();
    await expect(lastValueFrom(client.emit('key', record))).rejects.toMatchObject({ code: 'MESH_ERR_DATA' });
    expect(client.failedEmits).toBe(1);
  });

  it('makes records that another copy of the library knows', async () => {
    const brand = Symbol.for('nestjs-mesh.record');
    client.emit('key', { [brand]: true, data: 1, options: { metadata: { from: 'afar' } } });
    client.emit('data', { data: 1, options: { metadata: { from: 'afar' } } });
    expect(await heard.atLeast(2)).toEqual([
      { key: 'key', payload: 1, metadata: { from: 'afar' } },
      { key: 'data', payload: { data: 1, options: { metadata: { from: 'afar' } } }, metadata: {} },
    ]);
    expect(Reflect.get(new MeshRecordBuilder().build(), brand)).toBe(true);
  });
});

describe('context.getMetadata()', () => {
  it('gives the traceparent of a dispatch hook on Nest 12, and of a record on both majors', async () => {
    setHook((packet) => Object.assign(packet, { metadata: { traceparent } }));
    client.emit('by:hook', { id: 42 });
    client.emit('by:record', new MeshRecordBuilder({ id: 42 }).setMetadata({ traceparent }).build());
    expect(await heard.atLeast(2)).toEqual([
      { key: 'by:hook', payload: { id: 42 }, metadata: isNest12 ? { traceparent } : {} },
      { key: 'by:record', payload: { id: 42 }, metadata: { traceparent } },
    ]);
  });

  it('lets a record win over the hook, name by name', async () => {
    setHook((packet) => Object.assign(packet, { metadata: { traceparent: 'of the hook', tenant: 'a' } }));
    client.emit('key', new MeshRecordBuilder().setMetadata({ traceparent }).build());
    const metadata = isNest12 ? { traceparent, tenant: 'a' } : { traceparent };
    expect(await heard.find(() => true)).toEqual({ key: 'key', payload: 'key', metadata });
  });

  it('shows the hook what was emitted, a record included', async () => {
    const seen: unknown[] = [];
    setHook((packet: ReadPacket<unknown>) => seen.push({ ...packet }));
    const record = new MeshRecordBuilder(1).build();
    client.emit('key', record);
    await heard.find(() => true);
    expect(seen).toEqual(isNest12 ? [{ pattern: 'key', data: record }] : []);
  });
});
