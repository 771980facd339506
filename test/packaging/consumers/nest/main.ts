import 'reflect-metadata';
import { deepStrictEqual, strictEqual } from 'node:assert';
import { Controller, type INestApplication, Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { TerminusModule } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import {
  connectMesh,
  MeshBus,
  MeshClient,
  MeshContext,
  MeshKey,
  MeshModule,
  MeshRecordBuilder,
  MeshRequestBuilder,
} from 'nestjs-mesh';
import { MeshBus as MeshBusAlone } from 'nestjs-mesh/bus';
import { Cached, Invalidates, MeshCache, MeshCacheModule, type MeshCacheStats } from 'nestjs-mesh/cache';
import { MeshHealthIndicator } from 'nestjs-mesh/terminus';
import { createMemoryMesh, type MemoryMesh, MeshTestingModule } from 'nestjs-mesh/testing';
import { lastValueFrom, toArray } from 'rxjs';
import { freePort } from './free-port.js';

interface Heard {
  readonly key: string;
  readonly data: unknown;
  readonly pattern: string;
  readonly by: string | undefined;
}

let tell: (heard: Heard) => void = () => undefined;

@Controller()
class InvalidationController {
  constructor(@Inject(MeshClient) private readonly client: MeshClient) {}

  write(): void {
    this.client.emit('invalidate:user:42', new MeshRecordBuilder(42).setMetadata({ by: 'pack' }).build());
  }

  // Without the type argument, Nest 12 wants every parameter after the first to be `unknown`.
  @EventPattern<string>('invalidate:*')
  onInvalidate(@MeshKey() key: string, @Payload() data: unknown, @Ctx() context: MeshContext): void {
    tell({ key, data, pattern: String(context.getPattern()), by: context.getMetadata()['by'] });
  }

  ask(of: string): Promise<readonly string[]> {
    const question = new MeshRequestBuilder(of).expect('all').timeout(2000).build();
    return lastValueFrom(this.client.send<string>('size:users', question).pipe(toArray()));
  }

  @MessagePattern<string>('size:*')
  size(@MeshKey() key: string, @Payload() of: string, @Ctx() context: MeshContext): string {
    return `${key} of ${of}, asked as ${context.getPattern()}`;
  }
}

function appModule(port: number): new () => object {
  @Module({
    imports: [MeshModule.forRoot({ interface: 'lo', group: false, cluster: 'pack', port }), TerminusModule],
    controllers: [InvalidationController],
    providers: [MeshHealthIndicator],
  })
  class AppModule {}
  return AppModule;
}

/** What they do, `caches.ts` sees: here is whether their types stand, in each set-up. */
function checkCacheTypes(): void {
  const hits = (cache: MeshCache): MeshCacheStats['hits'] => cache.stats().hits;
  for (const value of [Cached, Invalidates, MeshCacheModule.forRoot, hits]) strictEqual(typeof value, 'function');
}

async function check(app: INestApplication): Promise<void> {
  strictEqual(MeshBus, MeshBusAlone);
  checkCacheTypes();
  const heard = new Promise<Heard>((resolve) => {
    tell = resolve;
  });
  connectMesh(app);
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  app.get(InvalidationController).write();
  deepStrictEqual(await heard, { key: 'invalidate:user:42', data: 42, pattern: 'invalidate:*', by: 'pack' });
  deepStrictEqual(await app.get(InvalidationController).ask('pack'), ['size:users of pack, asked as size:*']);
  const health = await app.get(MeshHealthIndicator).isHealthy('mesh', { minPeers: 0 });
  strictEqual(health['mesh']?.status, 'up');
}

/** Two applications on a mesh in memory: one that is overridden, and one that imports the module for tests. */
async function checkInMemory(): Promise<void> {
  const mesh: MemoryMesh = createMemoryMesh({ seed: 7 });
  const overridden = await mesh.override(Test.createTestingModule({ imports: [appModule(7946)] })).compile();
  const imports = [MeshTestingModule.forRoot({ mesh, cluster: 'pack', group: false, peers: ['pack'] })];
  const plain = await Test.createTestingModule({ imports }).compile();
  const apps = [overridden.createNestApplication(), plain.createNestApplication()];
  const keys: string[] = [];
  tell = ({ key }) => keys.push(key);
  for (const app of apps) {
    connectMesh(app);
    await app.startAllMicroservices();
    await app.init();
  }
  plain.get(MeshClient).emit('invalidate:user:42');
  await mesh.settled();
  deepStrictEqual(keys, ['invalidate:user:42']);
  const answers = lastValueFrom(plain.get(MeshClient).send<string>('size:users', 'the other').pipe(toArray()));
  await mesh.settled();
  deepStrictEqual(await answers, ['size:users of the other, asked as size:*']);
  for (const app of apps) await app.close();
}

/** A hybrid application hears its own event and its own question, once connected, and ends by itself. */
async function main(): Promise<void> {
  const app = await NestFactory.create(appModule(await freePort()), { logger: ['error'] });
  await check(app);
  await app.close();
  await checkInMemory();
  console.log('the application heard its own event');
}

void main();
