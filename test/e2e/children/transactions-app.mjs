// Runs the example of docs/caching.md as it stands on one of two applications, and says what the other is told of.
import 'reflect-metadata';
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { CacheModule } from '@nestjs/cache-manager';
import { Test } from '@nestjs/testing';
import Libsql from 'libsql';
import { MeshModule } from 'nestjs-mesh';
import { MeshCache, MeshCacheModule } from 'nestjs-mesh/cache';
import { createMemoryMesh } from 'nestjs-mesh/testing';

const folder = process.argv[2];
const { Prices } = await import(`${folder}/prices.js`);
const { Transactions } = await import(`${folder}/transactions.js`);

const database = new Libsql(':memory:');
database.exec(
  'CREATE TABLE products (id INTEGER PRIMARY KEY, price INTEGER); INSERT INTO products VALUES (1, 50), (2, 50)',
);
const mesh = createMemoryMesh();

async function start() {
  const imports = [
    MeshModule.forRoot({ cluster: 'shop' }),
    CacheModule.register({ isGlobal: true }),
    MeshCacheModule.forRoot(),
  ];
  const providers = [Prices, Transactions, { provide: 'DATABASE', useValue: database }];
  const testing = await mesh.override(Test.createTestingModule({ imports, providers })).compile();
  const app = testing.createNestApplication({ logger: false });
  return app.init();
}

const [writer, reader] = [await start(), await start()];
await mesh.settled();
const cache = reader.get(MeshCache);

/** What the other serves, from its cache if it may. */
async function served() {
  await mesh.settled();
  const ids = [1, 2];
  return Promise.all(
    ids.map((id) =>
      cache.wrap(
        `product:${id}`,
        () => database.prepare('SELECT price FROM products WHERE id = ?').get(id).price,
        60_000,
      ),
    ),
  );
}

deepEqual(await served(), [50, 50]);
await writer.get(Prices).move(1, 2, 5);
deepEqual(await served(), [45, 55]);
equal(cache.stats().invalidated, 2);
console.log('committed: 1 and 2 are invalidated');

await rejects(writer.get(Prices).move(1, 404, 5), /there is no product 404/);
deepEqual(await served(), [45, 55]);
equal(cache.stats().invalidated, 2);
equal(database.prepare('SELECT price FROM products WHERE id = 1').get().price, 45);
console.log('rolled back: nothing is invalidated');

await Promise.all([writer.close(), reader.close()]);
await mesh.close();
database.close();
