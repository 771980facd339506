/* eslint-disable @typescript-eslint/no-unsafe-class-instance-assignment -- Nest declares its options as a class */
import { Controller, Inject, Injectable } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type AsyncMicroserviceOptions, ClientsModule, type MicroserviceOptions } from '@nestjs/microservices';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connectMesh, MESH_TRANSPORT, MeshBus, MeshClient, MeshKey, MeshModule, MeshServer } from 'nestjs-mesh';
import { moduleOf, Opened, quiet } from './support/applications.js';
import { EventPattern } from './support/event-pattern.js';
import { foreigner } from './support/foreigner.js';
import { Inbox } from '../support/inbox.js';
import { alone, loopback } from './support/mesh-options.js';

const opened = new Opened();
let calls: Inbox<string>;

beforeEach(() => {
  calls = new Inbox();
});
afterEach(() => opened.close());

@Controller()
class KeyController {
  @EventPattern('key:*')
  onKey(@MeshKey() key: string): void {
    calls.add(key);
  }
}

/** What `listen` calls back with, and how often. */
function listen(server: MeshServer): Inbox<unknown> {
  const callbacks = new Inbox<unknown>();
  server.listen((error) => callbacks.add(error));
  return callbacks;
}

function serverOf(options = alone()): MeshServer {
  const server = opened.add(new MeshServer(options));
  server.addHandler('key:*', async (data) => calls.add(String(data)), true);
  return server;
}

describe('MeshServer', () => {
  it('opens nothing when it is made, and names what is wrong with its options', () => {
    expect(new MeshServer(alone()).unwrap().status).toBe('idle');
    expect(() => new MeshServer({ port: -1 })).toThrow(expect.objectContaining({ code: 'MESH_ERR_CONFIG' }));
  });

  it('has the transport of the mesh', () => {
    expect(new MeshServer().transportId).toBe(MESH_TRANSPORT);
    expect(MESH_TRANSPORT).toBe(Symbol.for('nestjs-mesh'));
  });

  it('calls back once when it is ready', async () => {
    const server = serverOf();
    expect(await listen(server).atLeast(1)).toEqual([undefined]);
    expect(server.unwrap().status).toBe('ready');
  });

  it('calls back once with the reason when it can not listen, and can listen later', async () => {
    const options = loopback();
    const socket = await foreigner(opened, options.port);
    const server = serverOf(options);
    expect(await listen(server).atLeast(1)).toMatchObject([{ code: 'MESH_ERR_PORT_IN_USE' }]);
    expect(server.isListening).toBe(false);
    await server.close();
    await socket.close();
    expect(await listen(server).atLeast(1)).toEqual([undefined]);
  });

  it('calls back once with the reason when a pattern is none', async () => {
    const server = serverOf();
    server.addHandler('', async () => undefined, true);
    expect(await listen(server).atLeast(1)).toMatchObject([{ code: 'MESH_ERR_PATTERN' }]);
    expect(server.unwrap().status).toBe('idle');
  });

  it('refuses to listen twice', async () => {
    const server = serverOf();
    const first = listen(server);
    expect(listen(server).items).toMatchObject([{ code: 'MESH_ERR_CONFIG' }]);
    expect(await first.atLeast(1)).toEqual([undefined]);
  });

  it('can be closed before listen(), during it, twice, and then listen again', async () => {
    const server = serverOf();
    await server.close();
    const overtaken = listen(server);
    await server.close();
    expect(await overtaken.atLeast(1)).toEqual([undefined]);
    expect(server.isListening).toBe(false);
    await server.close();
    expect(await listen(server).atLeast(1)).toEqual([undefined]);
    expect(overtaken.items).toHaveLength(1);
  });

  it('hears nothing after close(), and once after the next listen()', async () => {
    const bus = opened.add(new MeshBus({ ...alone(), selfDelivery: true }));
    const server = opened.add(new MeshServer(bus));
    server.addHandler('key:*', async (data) => calls.add(String(data)), true);
    await listen(server).atLeast(1);
    await bus.publish('key:a');
    await server.close();
    await bus.publish('key:b');
    await listen(server).atLeast(1);
    await bus.publish('key:c');
    await calls.find((key) => key === 'key:c');
    expect(calls.items).toEqual(['key:a', 'key:c']);
    expect(bus.status).toBe('ready');
  });

  it('tells what its connection does', async () => {
    const statuses = new Inbox<string>();
    const server = serverOf();
    server.status.subscribe(statuses.add);
    const told = new Inbox<string>();
    server.on('status', (status, previous) => told.add(`${previous} ${status}`));
    await listen(server).atLeast(1);
    await server.close();
    expect(statuses.items).toEqual(['connected', 'disconnected']);
    expect(told.items).toEqual(['idle joining', 'joining ready', 'ready closing', 'closing closed']);
  });

  it('runs the processing hooks around a handler', async () => {
    const server = serverOf(loopback());
    server.setOnProcessingStartHook((transport, _, done) => {
      calls.add(`start ${String(transport)}`);
      void done();
    });
    server.setOnProcessingEndHook((transport) => calls.add(`end ${String(transport)}`));
    await listen(server).atLeast(1);
    const { cluster } = server.unwrap().snapshot();
    const port = Number(server.unwrap().address?.split(':')[1]);
    const bus = opened.add(new MeshBus({ ...loopback(), port, cluster }));
    await bus.start();
    await server.unwrap().waitForPeers(1);
    await bus.publish('key:a');
    expect(await calls.atLeast(3)).toEqual(['start Symbol(nestjs-mesh)', 'key:a', 'end Symbol(nestjs-mesh)']);
  });

  it('finds a handler by its pattern, and not by a key', () => {
    const server = serverOf();
    expect(server.getHandlerByPattern('key:*')).toBeInstanceOf(Function);
    expect(server.getHandlerByPattern('key:a')).toBeNull();
  });
});

describe('a stand-alone microservice', () => {
  it('is a node of its own', async () => {
    const options = loopback();
    const app = opened.add(
      await NestFactory.createMicroservice<MicroserviceOptions>(moduleOf({ controllers: [KeyController] }), {
        ...quiet,
        strategy: new MeshServer(options),
      }),
    );
    await app.listen();
    const client = opened.add(new MeshClient(options));
    await client.connect();
    await app.unwrap<MeshBus>().waitForPeers(1);
    client.emit('key:a');
    expect(await calls.find(() => true)).toBe('key:a');
    const bus = app.unwrap<MeshBus>();
    await app.close();
    expect(bus.status).toBe('closed');
  });

  it('can take its server from MeshModule', async () => {
    const app = opened.add(
      await NestFactory.createMicroservice<AsyncMicroserviceOptions>(
        moduleOf({ imports: [MeshModule.forRoot(alone())], controllers: [KeyController] }),
        { ...quiet, inject: [MeshServer], useFactory: (server: MeshServer) => ({ strategy: server }) },
      ),
    );
    await app.listen();
    app.get(MeshClient).emit('key:a');
    expect(await calls.find(() => true)).toBe('key:a');
  });
});

describe('a hybrid application', () => {
  it('may start its microservices before or behind its initialisation', async () => {
    for (const start of ['before', 'behind']) {
      const app = await opened.application({ imports: [MeshModule.forRoot(alone())], controllers: [KeyController] });
      connectMesh(app);
      if (start === 'before') await app.startAllMicroservices();
      await app.listen(0, '127.0.0.1');
      if (start === 'behind') await app.startAllMicroservices();
      app.get(MeshClient).emit(`key:${start}`);
      await calls.find((key) => key === `key:${start}`);
    }
  });

  it('may defer the initialisation of its microservice', async () => {
    const app = await opened.application({ imports: [MeshModule.forRoot(alone())], controllers: [KeyController] });
    app.connectMicroservice<MicroserviceOptions>(
      { strategy: app.get(MeshServer) },
      { inheritAppConfig: true, deferInitialization: true },
    );
    await app.init();
    await app.startAllMicroservices();
    app.get(MeshClient).emit('key:a');
    app.get(MeshClient).emit('key:b');
    await calls.find((key) => key === 'key:b');
    expect(calls.items).toEqual(['key:a', 'key:b']);
  });

  it('fails to start when its mesh is connected twice, which would double the handlers', async () => {
    const app = await opened.application({ imports: [MeshModule.forRoot(alone())], controllers: [KeyController] });
    connectMesh(app);
    connectMesh(app);
    await expect(app.startAllMicroservices()).rejects.toMatchObject({ code: 'MESH_ERR_CONFIG' });
  });

  it('reaches handlers by a server, and emits by a client, each of its own node', async () => {
    @Injectable()
    class Service {
      constructor(@Inject('MESH') readonly client: MeshClient) {}
    }
    const options = loopback();
    const app = await opened.application({
      imports: [ClientsModule.register([{ name: 'MESH', customClass: MeshClient, options }])],
      controllers: [KeyController],
      providers: [Service],
    });
    const server = new MeshServer(options);
    app.connectMicroservice<MicroserviceOptions>({ strategy: server });
    await app.startAllMicroservices();
    await app.get(Service).client.connect();
    await server.unwrap().waitForPeers(1);
    app.get(Service).client.emit('key:a');
    expect(await calls.find(() => true)).toBe('key:a');
  });
});
