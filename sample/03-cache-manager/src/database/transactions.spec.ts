import { deepEqual, equal, rejects } from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { CacheModule } from '@nestjs/cache-manager';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { MeshBus, MeshModule } from 'nestjs-mesh';
import { MeshCache, MeshCacheModule } from 'nestjs-mesh/cache';
import { createMemoryMesh, type MemoryMesh } from 'nestjs-mesh/testing';
import { ProductsModule } from '../products/products.module.js';
import { ProductsRepository } from '../products/products.repository.js';
import { Database } from './database.js';
import { Transactions } from './transactions.js';

/** What one instance is made of, in this process. */
class Instance {
  readonly #app: INestApplication;
  readonly transactions: Transactions;
  readonly products: ProductsRepository;

  private constructor(app: INestApplication) {
    this.#app = app;
    this.transactions = app.get(Transactions);
    this.products = app.get(ProductsRepository);
  }

  static async start(mesh: MemoryMesh, file: string): Promise<Instance> {
    const imports = [
      MeshModule.forRoot({ cluster: 'shop' }),
      CacheModule.register({ isGlobal: true }),
      MeshCacheModule.forRoot(),
      ProductsModule,
    ];
    const testing = await mesh
      .override(Test.createTestingModule({ imports }))
      .overrideProvider(Database)
      .useFactory({ factory: () => Database.open(file) })
      .compile();
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest declares its options as a class
    const app = testing.createNestApplication({ logger: false });
    await app.init();
    return new Instance(app);
  }

  /** The price that it serves. */
  async price(id: number): Promise<number> {
    return (await this.products.find(id)).price;
  }

  /** Keys that it was told to let go of, by itself too. */
  get invalidated(): number {
    return this.#app.get(MeshCache).stats().invalidated;
  }

  closeBus(): Promise<void> {
    return this.#app.get(MeshBus).close();
  }

  close(): Promise<void> {
    return this.#app.close();
  }
}

describe('Transactions', () => {
  let mesh: MemoryMesh;
  let folder: string;
  let writer: Instance;
  let reader: Instance;

  beforeEach(async () => {
    mesh = createMemoryMesh();
    folder = await mkdtemp(join(tmpdir(), 'nestjs-mesh-transactions-'));
    const file = join(folder, 'products.db');
    writer = await Instance.start(mesh, file);
    reader = await Instance.start(mesh, file);
    await mesh.settled();
  });
  afterEach(async () => {
    await Promise.all([writer.close(), reader.close()]);
    await mesh.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('are told of when they are committed, and not before', async () => {
    const prices = [await reader.price(1), await reader.price(2)];
    let toldAtCommit: number | undefined;
    // What it tells, it hears itself before the network does.
    writer.transactions.onCommit = () => (toldAtCommit = writer.invalidated);
    await writer.transactions.run(async (tx) => {
      writer.products.changePriceIn(tx, 1, 100);
      writer.products.changePriceIn(tx, 2, 200);
      await mesh.settled();
      deepEqual([await reader.price(1), await reader.price(2)], prices);
      equal(await writer.price(1), prices[0]);
      equal(reader.invalidated, 0);
    });
    equal(toldAtCommit, 0);
    await mesh.settled();
    deepEqual([await reader.price(1), await reader.price(2)], [100, 200]);
    equal(await writer.price(1), 100);
    equal(reader.invalidated, 3);
  });

  it('tell nobody when they are rolled back', async () => {
    const price = await reader.price(1);
    const failing = writer.transactions.run((tx) => {
      writer.products.changePriceIn(tx, 1, 100);
      writer.products.changePriceIn(tx, 404, 100);
    });
    await rejects(failing, /there is no product 404/);
    await mesh.settled();
    deepEqual([reader.invalidated, writer.invalidated], [0, 0]);
    deepEqual([await reader.price(1), await writer.price(1)], [price, price]);
  });

  it('let go by a tag of what they do not name', async () => {
    const price = await reader.price(7);
    await writer.transactions.run((tx) => writer.products.raiseAllIn(tx, 5));
    await mesh.settled();
    equal(await reader.price(7), price + 5);
  });

  it('of one process and of two run one by one', async () => {
    const price = await reader.price(1);
    const raise = ({ transactions, products }: Instance): Promise<void> =>
      transactions.run(async (tx) => {
        const before = products.priceIn(tx, 1);
        // Others have their turn here.
        await Promise.resolve();
        products.changePriceIn(tx, 1, before + 1);
      });
    await Promise.all([raise(writer), raise(reader), raise(writer), raise(reader)]);
    await mesh.settled();
    deepEqual([await reader.price(1), await writer.price(1)], [price + 4, price + 4]);
  });

  it('succeed when nobody can be told, as what is committed stays so', async () => {
    await writer.closeBus();
    await writer.transactions.run((tx) => writer.products.changePriceIn(tx, 1, 100));
    equal(reader.products.newestVersion(1), 2);
    equal(reader.invalidated, 0);
  });
});
