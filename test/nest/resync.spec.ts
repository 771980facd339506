/* eslint-disable @typescript-eslint/no-unsafe-class-instance-assignment -- Nest declares its options as a class */
import { Controller, type INestApplication, Injectable, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AsyncMicroserviceOptions } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  connectMesh,
  MeshBus,
  MeshKey,
  MeshModule,
  type MeshOptions,
  type MeshResync,
  MeshServer,
  OnMeshResync,
} from 'nestjs-mesh';
import { Inbox } from '../support/inbox.js';
import { MemoryWorld } from '../support/memory-world.js';
import { RESYNC_CAUSES, started } from '../support/resync-causes.js';
import { moduleOf, Opened, quiet } from './support/applications.js';
import { EventPattern } from './support/event-pattern.js';
import { alone, listeningLogger } from './support/mesh-options.js';

const opened = new Opened();
let world: MemoryWorld;
let calls: Inbox<string>;

beforeEach(() => {
  world = new MemoryWorld();
  calls = new Inbox();
});
afterEach(async () => {
  // Buses first: applications wait for theirs, for which time has to pass.
  await world.close();
  await opened.close();
});

@Injectable()
class Marked {
  @OnMeshResync()
  onResync({ reason, all }: MeshResync): void {
    calls.add(`${reason} ${all}`);
  }
}

@Controller()
class KeyController {
  @EventPattern('key:*')
  onKey(@MeshKey() key: string): void {
    calls.add(key);
  }
}

/** An application on a bus of the world, as its users test theirs. */
async function applicationOn(bus: MeshBus, metadata: ModuleMetadata): Promise<INestApplication> {
  const testing = await Test.createTestingModule({ ...metadata, imports: [MeshModule.forRoot(alone())] })
    .overrideProvider(MeshBus)
    .useValue(bus)
    .compile();
  return opened.add(testing.createNestApplication(quiet));
}

function serverOn(bus: MeshBus): MeshServer {
  const server = opened.add(new MeshServer(bus));
  server.addHandler('key:*', async (data) => calls.add(String(data)), true);
  return server;
}

async function listen(server: MeshServer): Promise<void> {
  const error = await world.until(new Promise((resolve) => server.listen(resolve)));
  expect(error).toBeUndefined();
}

function reasonsOn(bus: MeshBus): string[] {
  const reasons: string[] = [];
  bus.onResync(({ reason, all }) => reasons.push(`${reason} ${all}`));
  return reasons;
}

describe('@OnMeshResync()', () => {
  it.each(RESYNC_CAUSES)('hears of $reason', async ({ reason, options, happen }) => {
    const bus = await started(world, options);
    const app = await applicationOn(bus, { providers: [Marked] });
    await app.init();
    await happen(world, bus);
    expect(calls.items.map((call) => call.split(' ')[0])).toEqual([reason]);
  });
});

describe('MeshServer on a bus that runs already', () => {
  it('raises a resync of all keys with each listen(), behind the binding of its handlers', async () => {
    const bus = await started(world);
    const bound: number[] = [];
    bus.onResync(() => bound.push(bus.snapshot().subscriptions));
    const reasons = reasonsOn(bus);
    const fence = bus.fence('key:a');
    const server = serverOn(bus);
    await listen(server);
    expect({ reasons, bound, current: fence.isCurrent() }).toEqual({
      reasons: ['join true'],
      bound: [1],
      current: false,
    });
    await server.close();
    await listen(server);
    expect(reasons).toEqual(['join true', 'join true']);
    expect(bus.metrics()).toMatchObject({ resyncs: 2, resyncReasons: { join: 2 } });
  });

  it('does so in isolation too', async () => {
    const bus = await started(world);
    await started(world);
    await world.until(bus.waitForPeers(1));
    world.network.isCut = () => true;
    await world.advance(60_000);
    const reasons = reasonsOn(bus);
    await listen(serverOn(bus));
    expect([bus.status, reasons]).toEqual(['isolated', ['join true']]);
  });

  it('does not where it starts the bus, nor while that joins', async () => {
    const [idle, joining] = [world.bus(), world.bus()];
    const reasons = [reasonsOn(idle), reasonsOn(joining)];
    const start = joining.start();
    await Promise.all([listen(serverOn(idle)), listen(serverOn(joining)), world.until(start)]);
    expect([idle.status, joining.status, reasons]).toEqual(['ready', 'ready', [[], []]]);
  });

  it('does not without handlers, nor on a bus that is over', async () => {
    const [bus, closed] = [await started(world), await started(world)];
    const reasons = [reasonsOn(bus), reasonsOn(closed)];
    await listen(opened.add(new MeshServer(bus)));
    const over = world.until(closed.close());
    const error = await world.until(new Promise((resolve) => serverOn(closed).listen(resolve)));
    await over;
    expect(error).toMatchObject({ code: 'MESH_ERR_CLOSED' });
    expect(reasons).toEqual([[], []]);
  });

  it('warns where something was heard before and nobody listens to resyncs, and not at an ordinary start', async () => {
    for (const isHeard of [false, true]) {
      const logger = listeningLogger();
      const bus = await started(world, { logger });
      if (isHeard) await world.until(bus.publish('before'));
      await listen(serverOn(bus));
      const warnings = logger.said.items.filter((line) => line.startsWith('warn'));
      expect(warnings).toEqual(isHeard ? [expect.stringContaining('(a resync "join")')] : []);
      expect(bus.metrics().resyncReasons).toEqual({ join: 1 });
    }
  });
});

describe('MeshModule and the resync of late handlers', () => {
  const metadata = (options: MeshOptions) => ({
    imports: [MeshModule.forRoot(options)],
    controllers: [KeyController],
    providers: [Marked],
  });

  it('raises none where the server listens before the application initialises', async () => {
    const app = await opened.connected(metadata(alone()));
    expect(app.get(MeshBus).metrics().resyncs).toBe(0);
    expect(calls.items).toEqual([]);
  });

  it('raises one where it listens behind that, which marked methods hear', async () => {
    const app = await opened.application(metadata(alone()));
    connectMesh(app);
    await app.init();
    expect(calls.items).toEqual([]);
    await app.startAllMicroservices();
    expect(calls.items).toEqual(['join true']);
    await app.get(MeshBus).publish('key:a');
    await calls.find((call) => call === 'key:a');
  });

  it('raises one where a stand-alone microservice initialises first', async () => {
    const app = opened.add(
      await NestFactory.createMicroservice<AsyncMicroserviceOptions>(moduleOf(metadata(alone())), {
        ...quiet,
        inject: [MeshServer],
        useFactory: (server: MeshServer) => ({ strategy: server }),
      }),
    );
    await app.listen();
    expect(calls.items).toEqual(['join true']);
  });
});
