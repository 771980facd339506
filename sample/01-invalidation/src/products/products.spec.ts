import 'reflect-metadata';
import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { connectMesh, MeshBus } from 'nestjs-mesh';
import { createMemoryMesh, type MemoryMesh } from 'nestjs-mesh/testing';
import { AppModule } from '../app.module.js';
import type { Product } from './product.js';
import { ProductsCache } from './products.cache.js';
import { ProductsService } from './products.service.js';
import { ProductsStore } from './products.store.js';

const TEAPOT: Product = { id: 1, name: 'Teapot', price: 25 };

/** Two instances of the whole application in this process, on a mesh in memory. */
describe('two instances', () => {
  let mesh: MemoryMesh;
  let store: Map<number, Product>;
  let one: INestApplication;
  let other: INestApplication;

  async function start(): Promise<INestApplication> {
    const testing = await mesh
      .override(Test.createTestingModule({ imports: [AppModule] }))
      .overrideProvider(ProductsStore)
      .useValue({
        read: async (id: number) => store.get(id),
        write: async (product: Product) => void store.set(product.id, product),
      })
      .compile();
    const app = testing.createNestApplication();
    connectMesh(app);
    await app.startAllMicroservices();
    return app.init();
  }

  /** What an instance answers, and where it has it from. */
  async function read(app: INestApplication): Promise<readonly [price: number, from: string]> {
    const { product, from } = await app.get(ProductsService).find(TEAPOT.id);
    return [product.price, from];
  }

  beforeEach(async () => {
    mesh = createMemoryMesh();
    store = new Map([[TEAPOT.id, TEAPOT]]);
    one = await start();
    other = await start();
    await mesh.settled();
    for (const app of [one, other]) deepStrictEqual(await read(app), [25, 'store']);
  });

  afterEach(async () => {
    await one.close();
    await other.close();
  });

  it('answer from their caches', async () => {
    deepStrictEqual(await read(one), [25, 'cache']);
    deepStrictEqual(await read(other), [25, 'cache']);
  });

  it('evict what either of them writes', async () => {
    await one.get(ProductsService).save({ ...TEAPOT, price: 30 });
    await mesh.settled();
    deepStrictEqual(await read(one), [30, 'store']);
    deepStrictEqual(await read(other), [30, 'store']);
  });

  it('evict it although the network loses word of it', async () => {
    const loss = mesh.lose(1);
    await one.get(ProductsService).save({ ...TEAPOT, price: 30 });
    await mesh.settled();
    strictEqual(loss.count, 1);
    deepStrictEqual(await read(other), [30, 'store']);
  });

  it('let go of everything when they hear each other again', async () => {
    const heal = mesh.partition([one.get(MeshBus)], [other.get(MeshBus)]);
    await mesh.settled();
    await one.get(ProductsService).save({ ...TEAPOT, price: 30 });
    await mesh.settled();
    deepStrictEqual(await read(other), [25, 'cache']);
    heal();
    await mesh.settled();
    deepStrictEqual(await read(other), [30, 'store']);
  });

  it('let go of what a resync covers', () => {
    mesh.resync({ reason: 'gap', keys: ['product:1'] });
    deepStrictEqual(other.get(ProductsCache).keys(), []);
  });
});
