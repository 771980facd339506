import type { INestApplication } from '@nestjs/common';
import { CacheModule } from '@nestjs/cache-manager';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { MeshModule } from 'nestjs-mesh';
import { MeshCache, MeshCacheModule } from 'nestjs-mesh/cache';
import { createMemoryMesh, type MemoryMesh } from 'nestjs-mesh/testing';
import { deferred } from '../../lib/bus/deferred.js';
import { quiet } from './support/applications.js';

let network: MemoryMesh;
let apps: INestApplication[];
let a: MeshCache;
let b: MeshCache;

async function instance(): Promise<MeshCache> {
  const imports = [
    MeshModule.forRoot({ cluster: 'shop', logger: false }),
    CacheModule.register({ isGlobal: true }),
    MeshCacheModule.forRoot(),
  ];
  const testing = await network.override(Test.createTestingModule({ imports })).compile();
  const app = testing.createNestApplication(quiet);
  apps.push(app);
  await app.init();
  return app.get(MeshCache);
}

beforeEach(async () => {
  [network, apps] = [createMemoryMesh(), []];
  [a, b] = [await instance(), await instance()];
  await network.settled();
});
afterEach(async () => {
  for (const app of apps) await app.close();
  await network.close();
});

const never = (): never => {
  throw new Error('it was held');
};

describe('MeshCache.put with a function', () => {
  it('keeps what was written, and drops what others hold', async () => {
    await b.wrap('1', () => 'old');
    expect(await a.put('1', async () => 'new')).toBe('new');
    await network.settled();
    expect(await a.wrap('1', never)).toBe('new');
    expect(await b.wrap('1', () => 'loaded')).toBe('loaded');
  });

  it('does not keep what others have overwritten before the writer knows that it has written', async () => {
    const answer = deferred<string>();
    const late = a.put('1', () => answer.promise);
    await b.put('1', () => 'newer');
    await network.settled();
    answer.resolve('older');
    expect(await late).toBe('older');
    await network.settled();
    expect(await a.wrap('1', () => 'newest')).toBe('newest');
    expect(await b.wrap('1', () => 'newest')).toBe('newest');
  });

  it('invalidates where the write fails, as it may have been done', async () => {
    for (const cache of [a, b]) await cache.wrap('1', () => 'old');
    const failure = new Error('the answer of the database was lost');
    await expect(a.put('1', () => Promise.reject(failure))).rejects.toBe(failure);
    await network.settled();
    for (const cache of [a, b]) expect(await cache.wrap('1', () => 'new')).toBe('new');
  });

  it('invalidates where the write gives nothing', async () => {
    for (const cache of [a, b]) await cache.wrap('1', () => 'old');
    await a.put('1', () => undefined);
    await network.settled();
    for (const cache of [a, b]) expect(await cache.wrap('1', () => 'new')).toBe('new');
  });
});
