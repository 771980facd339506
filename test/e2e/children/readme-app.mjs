// Runs the main.ts of README.md as it stands, and tells its parent what becomes of the cache in its controller.
import { setTimeout as delay } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';

const folder = process.argv[2];
const create = NestFactory.create.bind(NestFactory);
let app;
NestFactory.create = async (...args) => {
  app = await create(...args);
  return app;
};

await import(`${folder}/main.js`);
// The module is evaluated before its bootstrap() is through.
while (app?.getHttpServer().listening !== true) await delay(10);
const { ProductsController } = await import(`${folder}/products.controller.js`);
const { cache } = app.get(ProductsController);
const evict = cache.delete.bind(cache);
cache.delete = (key) => {
  const held = evict(key);
  process.send({ kind: 'evicted', key, held });
  return held;
};
process.on('message', ({ fill }) => {
  cache.set(fill, 'a copy');
  process.send({ kind: 'filled', key: fill });
});
process.send({ kind: 'up', url: await app.getUrl() });
