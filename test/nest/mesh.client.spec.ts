import { createSocket } from 'node:dgram';
import { Controller, Inject, Injectable } from '@nestjs/common';
import { ClientsModule, Ctx, type ReadPacket } from '@nestjs/microservices';
import { afterEach, describe, expect, it } from '@jest/globals';
import { isMeshBus, MeshBus, MeshClient, MeshContext, type MeshEvent, MeshModule } from 'nestjs-mesh';
import { firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { Opened } from './support/applications.js';
import { EventPattern } from './support/event-pattern.js';
import { Inbox } from '../support/inbox.js';
import { alone, listeningLogger, loopback, unawaited } from './support/mesh-options.js';

const opened = new Opened();
afterEach(() => opened.close());

/** A bus that hears everything, and a client with a node of its own beside it. */
async function pair(extra: { readonly logger?: ReturnType<typeof listeningLogger> } = {}) {
  const options = loopback();
  const heard = new Inbox<MeshEvent>();
  const bus = opened.add(new MeshBus({ ...options, ...unawaited }));
  bus.subscribe('*', heard.add);
  await bus.start();
  const client = opened.add(new MeshClient({ ...options, peers: [`127.0.0.1:${options.port}`], ...extra }));
  return { bus, client, heard };
}

describe('MeshClient', () => {
  it('opens nothing when it is made', () => {
    const client = new MeshClient(loopback());
    expect(isMeshBus(client.unwrap())).toBe(true);
    expect(client.unwrap().status).toBe('idle');
  });

  it('names what is wrong with its options when it is made', () => {
    expect(() => new MeshClient({ port: -1 })).toThrow(expect.objectContaining({ code: 'MESH_ERR_CONFIG' }));
  });

  it('connects by itself, and hands over key and data', async () => {
    const { client, heard } = await pair();
    client.emit('user:renamed', { id: 42 });
    expect(await heard.find(() => true)).toMatchObject({ key: 'user:renamed', data: { id: 42 } });
  });

  it.each([['no data'], ['null', null], ['undefined', undefined]])('emits a bare key with %s', async (_, ...data) => {
    const { client, heard } = await pair();
    client.emit('bare', ...data);
    expect(await heard.find(() => true)).toMatchObject({ key: 'bare', data: undefined });
  });

  it.each([0, '', false, [], {}])('takes %j for data', async (data) => {
    const { client, heard } = await pair();
    client.emit('full', data);
    expect(await heard.find(() => true)).toMatchObject({ key: 'full', data });
  });

  it('emits many bare keys', async () => {
    const { client, heard } = await pair();
    await lastValueFrom(client.emitMany(['a', 7, { cmd: 'b' }]));
    const all = await heard.atLeast(3);
    expect(all.map(({ key, data }) => ({ key, data }))).toEqual([
      { key: 'a', data: undefined },
      { key: '7', data: undefined },
      { key: '{"cmd":"b"}', data: undefined },
    ]);
  });

  it('is hot: an event goes once, subscribed to never or often', async () => {
    const { client, heard } = await pair();
    client.emit('never');
    const often = client.emit('often');
    await firstValueFrom(often);
    await firstValueFrom(often);
    client.emit('last');
    await heard.find(({ key }) => key === 'last');
    expect(heard.items.map(({ key }) => key)).toEqual(['never', 'often', 'last']);
  });

  it('completes, with one value, when the event is with the kernel', async () => {
    const { client } = await pair();
    expect(await lastValueFrom(client.emit('key').pipe(toArray()))).toEqual([undefined]);
  });

  it('joins as a client, which is outside of every count of members', async () => {
    const { bus, client } = await pair();
    await client.connect();
    await bus.waitForPeers(1);
    expect(bus.peers().map(({ id, role }) => ({ id, role }))).toEqual([{ id: client.unwrap().id, role: 'client' }]);
  });

  it('tells what its connection does', async () => {
    const { client } = await pair();
    const statuses = new Inbox<string>();
    client.status.subscribe(statuses.add);
    await client.connect();
    await client.close();
    expect(statuses.items).toEqual(['connected', 'disconnected']);
  });

  it('passes on the events of its bus, also of the next one', async () => {
    const { client } = await pair();
    const statuses = new Inbox<string>();
    client.on('status', () => statuses.add(client.unwrap().status));
    await client.connect();
    await client.close();
    const first = statuses.items.length;
    await client.connect();
    expect(statuses.items.slice(0, 2)).toEqual(['joining', 'ready']);
    expect(statuses.items.slice(first)).toEqual(['joining', 'ready']);
  });

  it('connects once, and again after close()', async () => {
    const { client, heard } = await pair();
    expect(client.connect()).toBe(client.connect());
    await client.connect();
    await client.close();
    await client.close();
    client.emit('again');
    expect(await heard.find(() => true)).toMatchObject({ key: 'again' });
  });

  it('lets go what was emitted before close()', async () => {
    const { client, heard } = await pair();
    client.emit('connecting');
    await client.close();
    await client.connect();
    client.emit('connected');
    await client.close();
    await heard.atLeast(2);
    expect(heard.items.map(({ key }) => key)).toEqual(['connecting', 'connected']);
  });

  it('never closes a bus that it was given', async () => {
    const bus = opened.add(new MeshBus(alone()));
    const client = new MeshClient(bus);
    await client.connect();
    expect(bus.status).toBe('ready');
    await client.close();
    expect(bus.status).toBe('ready');
    expect(client.unwrap()).toBe(bus);
  });
});

describe('MeshClient: what fails', () => {
  it('tells who subscribes', async () => {
    const { client } = await pair();
    await expect(lastValueFrom(client.emit(''))).rejects.toMatchObject({ code: 'MESH_ERR_KEY' });
    await expect(lastValueFrom(client.emit('a'.repeat(1025)))).rejects.toMatchObject({ code: 'MESH_ERR_KEY' });
    await expect(lastValueFrom(client.emit('key', 'a'.repeat(65_535)))).rejects.toMatchObject({
      code: 'MESH_ERR_DATA_TOO_LARGE',
    });
    await expect(lastValueFrom(client.emit('key', 1n))).rejects.toMatchObject({ code: 'MESH_ERR_DATA' });
    await expect(lastValueFrom(client.emit(null as unknown as string))).rejects.toMatchObject({ code: 'MESH_ERR_KEY' });
  });

  it('is counted and told without key and data, without subscribers, and not for each', async () => {
    const logger = listeningLogger();
    const { client, heard } = await pair({ logger });
    await client.connect();
    client.emit('', { secret: 1 });
    client.emit('', { secret: 1 });
    client.emit('next');
    await heard.find(({ key }) => key === 'next');
    expect(client.failedEmits).toBe(2);
    const warnings = logger.said.items.filter((line) => line.startsWith('warn: an emit'));
    expect(warnings).toEqual(['warn: an emit to the mesh failed: MESH_ERR_KEY: the key is empty']);
  });

  it('names the interface that is wrong, where nobody but emit() opens the client', async () => {
    const logger = listeningLogger();
    const client = opened.add(new MeshClient({ ...alone(), interface: 'none7', logger }));
    client.emit('user:42', { secret: 1 });
    client.emit('user:42', { secret: 1 });
    const line = await logger.said.find((said) => said.startsWith('warn: an emit'));
    expect(line).toMatch(/^warn: an emit to the mesh failed: MESH_ERR_CONFIG: .*none7.*\blo\b/s);
    expect(line).not.toMatch(/42|secret/);
    expect(client.failedEmits).toBe(2);
    expect(logger.said.items.filter((said) => said.startsWith('warn: an emit'))).toHaveLength(1);
  });

  it('refuses all of many keys for one, before any is sent', async () => {
    const { client, heard } = await pair();
    await expect(lastValueFrom(client.emitMany(['a', '', 'b']))).rejects.toMatchObject({ code: 'MESH_ERR_KEY' });
    await lastValueFrom(client.emit('next'));
    await heard.find(({ key }) => key === 'next');
    expect(heard.items.map(({ key }) => key)).toEqual(['next']);
  });

  it('forgets an attempt to connect that failed', async () => {
    const options = loopback();
    const foreign = createSocket('udp4');
    await new Promise<void>((resolve) => foreign.bind({ port: options.port, exclusive: true }, resolve));
    const client = opened.add(new MeshClient(options));
    await expect(client.connect()).rejects.toMatchObject({ code: 'MESH_ERR_PORT_IN_USE' });
    await expect(lastValueFrom(client.emit('key'))).rejects.toMatchObject({ code: 'MESH_ERR_PORT_IN_USE' });
    await new Promise<void>((resolve) => foreign.close(() => resolve()));
    await client.connect();
    await lastValueFrom(client.emit('key'));
  });
});

describe('MeshClient: the dispatch hook of Nest 12', () => {
  type Hook = (packet: ReadPacket) => void;

  async function hooked(): Promise<{ client: MeshClient; contexts: Inbox<MeshContext> }> {
    const contexts = new Inbox<MeshContext>();
    @Controller()
    class HookController {
      @EventPattern('*')
      on(@Ctx() context: MeshContext): void {
        contexts.add(context);
      }
    }
    const app = await opened.connected({ imports: [MeshModule.forRoot(alone())], controllers: [HookController] });
    return { client: app.get(MeshClient), contexts };
  }

  /** `false` on Nest 11, which knows no such hook. */
  function setHook(client: MeshClient, hook: Hook): boolean {
    const hookable: { setOnDispatchHook?: (hook: Hook) => void } = client;
    hookable.setOnDispatchHook?.(hook);
    return hookable.setOnDispatchHook !== undefined;
  }

  it('adds metadata to an event, which the handler reads from its context', async () => {
    const { client, contexts } = await hooked();
    const hasHook = setHook(client, (packet) => Object.assign(packet, { metadata: { trace: String(packet.pattern) } }));
    client.emit('one', 1);
    client.emitMany(['two', 'three']);
    const all = await contexts.atLeast(3);
    expect(all.map((context) => context.getMetadata())).toEqual(
      hasHook ? [{ trace: 'one' }, { trace: 'two' }, { trace: 'three' }] : [{}, {}, {}],
    );
  });

  it('fails the event when it throws, and nothing else', async () => {
    const { client, contexts } = await hooked();
    const hasHook = setHook(client, (packet) => {
      if (packet.pattern === 'bad') throw new Error('hook');
    });
    const bad = lastValueFrom(client.emit('bad')).then(
      () => 'sent',
      (error: unknown) => (error as Error).message,
    );
    client.emit('good');
    await contexts.find((context) => context.getKey() === 'good');
    expect(await bad).toBe(hasHook ? 'hook' : 'sent');
  });
});

describe('ClientsModule', () => {
  @Injectable()
  class Service {
    constructor(@Inject('MESH') readonly client: MeshClient) {}
  }

  it('registers a client with a node of its own, and closes it', async () => {
    const port = loopback().port;
    const heard = new Inbox<MeshEvent>();
    const bus = opened.add(new MeshBus({ ...loopback(), ...unawaited, port }));
    bus.subscribe('*', heard.add);
    await bus.start();
    const options = { ...loopback(), port, peers: [`127.0.0.1:${port}`] };
    const app = await opened.application({
      imports: [ClientsModule.register([{ name: 'MESH', customClass: MeshClient, options }])],
      providers: [Service],
    });
    await app.init();
    const { client } = app.get(Service);
    client.emit('key');
    expect(await heard.find(() => true)).toMatchObject({ key: 'key', origin: client.unwrap().id });
    await app.close();
    expect(client.unwrap().status).toBe('closed');
  });

  it('registers a client that shares the bus of MeshModule', async () => {
    const heard = new Inbox<MeshEvent>();
    const app = await opened.application({
      imports: [
        MeshModule.forRoot(alone()),
        ClientsModule.registerAsync([
          {
            name: 'MESH',
            inject: [MeshBus],
            useFactory: (bus: MeshBus) => ({ customClass: MeshClient, options: bus }),
          },
        ]),
      ],
      providers: [Service],
    });
    await app.init();
    const bus = app.get(MeshBus);
    bus.subscribe('*', heard.add);
    expect(app.get(Service).client.unwrap()).toBe(bus);
    app.get(Service).client.emit('shared');
    expect(await heard.find(() => true)).toMatchObject({ key: 'shared', origin: bus.id });
  });
});
