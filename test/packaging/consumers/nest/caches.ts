import 'reflect-metadata';
import { deepStrictEqual } from 'node:assert';
import { CacheModule } from '@nestjs/cache-manager';
import { type INestApplication, Inject, Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Cached, Invalidates, MeshCache, MeshCacheModule } from 'nestjs-mesh/cache';
import { createMemoryMesh, MeshTestingModule } from 'nestjs-mesh/testing';

interface User {
  readonly id: string;
  readonly loads: number;
}

@Injectable()
class Users {
  private loads = 0;

  constructor(@Inject(MeshCache) private readonly cache: MeshCache) {}

  @Cached({ key: (id: string) => `user:${id}`, ttl: 60_000 })
  find(id: string): Promise<User> {
    this.loads += 1;
    return Promise.resolve({ id, loads: this.loads });
  }

  @Invalidates({ keys: (id: string) => [`user:${id}`] })
  save(_id: string): Promise<void> {
    return Promise.resolve();
  }

  count(): Promise<number> {
    return this.cache.wrap('count', () => this.loads, { tags: ['counts'] });
  }
}

/** Two applications whose caches agree. */
async function main(): Promise<void> {
  const mesh = createMemoryMesh();
  const imports = [
    MeshTestingModule.forRoot({ mesh }),
    CacheModule.register(),
    MeshCacheModule.forRoot({ prefix: 'user:' }),
  ];
  const apps: INestApplication[] = [];
  for (let count = 0; count < 2; count++) {
    const testing = await Test.createTestingModule({ imports, providers: [Users] }).compile();
    apps.push(await testing.createNestApplication().init());
  }
  await mesh.settled();
  const [here, there] = apps.map((app) => app.get(Users)) as [Users, Users];
  deepStrictEqual(
    [await here.find('1'), await there.find('1'), await there.count()],
    [{ id: '1', loads: 1 }, { id: '1', loads: 1 }, 1],
  );
  await here.save('1');
  await mesh.settled();
  deepStrictEqual(await there.find('1'), { id: '1', loads: 2 });
  for (const app of apps) await app.close();
  await mesh.close();
  console.log('the caches of two applications agree');
}

void main();
