import 'reflect-metadata';
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  type INestApplication,
  Injectable,
  Module,
  UseGuards,
} from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  connectMesh,
  InjectMeshClient,
  MeshBus,
  MeshClient,
  MeshKey,
  MeshModule,
  MeshRequestBuilder,
  type MeshResync,
  MeshServer,
  OnMeshResync,
} from 'nestjs-mesh';
import { firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { createMemoryMesh, MemoryMesh, MeshTestingModule } from 'nestjs-mesh/testing';
import { Opened, quiet } from './support/applications.js';
import { EventPattern } from './support/event-pattern.js';
import { MessagePattern } from './support/message-pattern.js';

const opened = new Opened();
let mesh: MemoryMesh;
let asked: string[];

beforeEach(() => {
  asked = [];
  mesh = opened.add(createMemoryMesh());
});
afterEach(async () => {
  jest.useRealTimers();
  await opened.close();
});

@Injectable()
class NotSecret implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const key = context.switchToRpc().getData<string>();
    asked.push(key);
    return !key.includes('secret');
  }
}

@Controller()
class Cache {
  readonly evicted: string[] = [];
  readonly resyncs: MeshResync[] = [];

  @UseGuards(NotSecret)
  @EventPattern('user:*')
  async evict(@MeshKey() key: string, @Payload() _data: unknown): Promise<void> {
    await Promise.resolve();
    this.evicted.push(key);
  }

  @MessagePattern('count')
  count(): number {
    return this.evicted.length;
  }

  @MessagePattern('never')
  never(): Promise<never> {
    return new Promise(() => undefined);
  }

  @OnMeshResync()
  onResync(resync: MeshResync): void {
    this.resyncs.push(resync);
  }
}

/** As an application has it: on real sockets, if nobody prevented it. */
@Module({ imports: [MeshModule.forRoot({ cluster: 'shop', interface: 'no such interface' })], controllers: [Cache] })
class AppModule {}

async function listening(app: INestApplication): Promise<INestApplication> {
  opened.add(app);
  connectMesh(app);
  await app.startAllMicroservices();
  return app.init();
}

async function application(): Promise<INestApplication> {
  const imports = [MeshTestingModule.forRoot({ mesh, cluster: 'shop' })];
  const module = await Test.createTestingModule({ imports, controllers: [Cache] }).compile();
  return listening(module.createNestApplication(quiet));
}

async function overridden(): Promise<INestApplication> {
  const module = await mesh.override(Test.createTestingModule({ imports: [AppModule] })).compile();
  return listening(module.createNestApplication(quiet));
}

const evictedAt = (app: INestApplication): readonly string[] => app.get(Cache).evicted;
const reasonsAt = (app: INestApplication): readonly string[] => app.get(Cache).resyncs.map(({ reason }) => reason);

describe.each([
  ['MeshTestingModule', application],
  ['an application module that is overridden', overridden],
])('%s', (_name, start) => {
  it('gives the providers of MeshModule, on the mesh', async () => {
    const app = await start();
    expect(app.get(MeshServer).unwrap()).toBe(app.get(MeshBus));
    expect(app.get(MeshClient).unwrap()).toBe(app.get(MeshBus));
    expect(app.get(MeshBus).address).toMatch(/^10\./);
  });

  it('lets two applications tell each other, under guards', async () => {
    const [one, other] = [await start(), await start()];
    one.get(MeshClient).emit('user:42');
    one.get(MeshClient).emit('user:secret');
    await mesh.settled();
    expect([evictedAt(one), evictedAt(other)]).toEqual([['user:42'], ['user:42']]);
    expect(asked.sort()).toEqual(['user:42', 'user:42', 'user:secret', 'user:secret']);
  });

  it('hears and is heard by a bus', async () => {
    const app = await start();
    const bus = mesh.bus({ cluster: 'shop' });
    const heard: string[] = [];
    bus.subscribe('*', ({ key }) => heard.push(key));
    await bus.start();
    await bus.publish('user:42');
    app.get(MeshClient).emit('user:43');
    await mesh.settled();
    expect(evictedAt(app)).toEqual(expect.arrayContaining(['user:42', 'user:43']));
    expect(heard).toEqual(['user:43']);
  });

  it('repairs what is lost', async () => {
    const [one, other] = [await start(), await start()];
    const loss = mesh.lose(1);
    one.get(MeshClient).emit('user:42');
    await mesh.settled();
    expect([loss.count, evictedAt(other), reasonsAt(other)]).toEqual([1, ['user:42'], []]);
  });

  it('tells of a partition, and of its end', async () => {
    const [one, other] = [await start(), await start()];
    await mesh.settled();
    mesh.partition([one.get(MeshBus)]);
    await mesh.settled();
    expect([one.get(MeshBus).status, other.get(MeshBus).status]).toEqual(['isolated', 'isolated']);
    mesh.heal();
    await mesh.settled();
    expect([reasonsAt(one), reasonsAt(other)]).toEqual([['heal'], ['heal']]);
  });

  it('tells of a resync that a test raises', async () => {
    const [one, other] = [await start(), await start()];
    mesh.resync({ reason: 'overrun', keys: ['user:42'], buses: [one.get(MeshBus)] });
    expect([reasonsAt(one), reasonsAt(other)]).toEqual([['overrun'], []]);
    expect(one.get(Cache).resyncs[0]?.matches('user:42')).toBe(true);
  });

  it('runs under fake timers', async () => {
    jest.useFakeTimers();
    const [one, other] = [await start(), await start()];
    one.get(MeshClient).emit('user:42');
    await mesh.settled();
    expect([evictedAt(one), evictedAt(other)]).toEqual([['user:42'], ['user:42']]);
    await Promise.all([one.close(), other.close()]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('carries requests and their answers', async () => {
    const [one] = [await start(), await start()];
    expect(await lastValueFrom(one.get(MeshClient).send('count', 1).pipe(toArray()))).toEqual([0, 0]);
    const request = new MeshRequestBuilder(1).timeout(60_000).build();
    const failed = expect(firstValueFrom(one.get(MeshClient).send('never', request))).rejects.toMatchObject({
      code: 'MESH_ERR_TIMEOUT',
    });
    await one.get(MeshClient).connect();
    await mesh.advance(61_000);
    await failed;
  });

  it('closes with the application', async () => {
    const [one, other] = [await start(), await start()];
    await one.close();
    await mesh.settled();
    expect(one.get(MeshBus).status).toBe('closed');
    expect(other.get(MeshBus).peers()).toEqual([]);
    await mesh.close();
    expect(other.get(MeshBus).status).toBe('closed');
    await other.close();
  });
});

describe('MeshTestingModule', () => {
  it('takes its options from a factory', async () => {
    const useFactory = (): object => ({ cluster: 'shop' });
    const imports = [MeshTestingModule.forRootAsync({ mesh, useFactory })];
    const module = await Test.createTestingModule({ imports, controllers: [Cache] }).compile();
    const one = await listening(module.createNestApplication(quiet));
    const other = await application();
    other.get(MeshClient).emit('user:42');
    await mesh.settled();
    expect(evictedAt(one)).toEqual(['user:42']);
  });

  it('has a mesh of its own where it is given none', async () => {
    const module = await Test.createTestingModule({ imports: [MeshTestingModule.forRoot()] }).compile();
    const app = opened.add(module.createNestApplication(quiet));
    await app.init();
    const own = app.get(MemoryMesh);
    const bus = own.bus();
    await bus.start();
    await own.settled();
    expect(bus.peers().map(({ id }) => id)).toEqual([app.get(MeshBus).id]);
    expect(own).not.toBe(mesh);
  });

  it('refuses what MeshModule refuses', async () => {
    expect(() => MeshTestingModule.forRoot({ mesh, name: '' })).toThrow('MeshModule');
    const imports = [MeshTestingModule.forRoot({ mesh }), MeshTestingModule.forRoot({ mesh })];
    const twice = [MeshTestingModule.forRoot({ mesh, port: 1 }), MeshTestingModule.forRoot({ mesh, port: 2 })];
    await expect(Test.createTestingModule({ imports: twice }).compile()).rejects.toThrow('configured 2 times');
    await expect(Test.createTestingModule({ imports }).compile()).rejects.toThrow('configured 2 times');
  });
});

describe('MemoryMesh.override', () => {
  it('puts all meshes of an application on the network, whatever their names', async () => {
    @Injectable()
    class Both {
      constructor(
        readonly client: MeshClient,
        @InjectMeshClient('eu') readonly eu: MeshClient,
      ) {}
    }
    const meshes = [MeshModule.forRoot({ interface: 'none' }), MeshModule.forRoot({ name: 'eu', interface: 'none' })];
    const builder = Test.createTestingModule({ imports: meshes, providers: [Both] });
    const module = await mesh.override(builder).compile();
    const app = opened.add(module.createNestApplication(quiet));
    await app.init();
    const { client, eu } = app.get(Both);
    await mesh.settled();
    expect(
      client
        .unwrap()
        .peers()
        .map(({ id }) => id),
    ).toEqual([eu.unwrap().id]);
  });

  it('leaves applications alone that are not overridden', async () => {
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    const app = opened.add(module.createNestApplication(quiet));
    await expect(app.init()).rejects.toMatchObject({ code: 'MESH_ERR_CONFIG' });
  });
});
