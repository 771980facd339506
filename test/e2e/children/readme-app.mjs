// Runs an application of README.md: its AppModule as it stands, or another controller of it in an application that is
// connected as its main.ts does it. Tells its parent where it listens.
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

const [folder, controller] = process.argv.slice(2);
const create = NestFactory.create.bind(NestFactory);
let created;
NestFactory.create = (module, ...args) => {
  created = controller === undefined ? create(module, ...args) : moduleOf().then((one) => create(one, ...args));
  return created;
};

/** That of README.md, with the other controller in the place of its own. */
async function moduleOf() {
  const { MeshModule } = await import('nestjs-mesh');
  const { [controller]: Controller } = await import(`${folder}/prices.controller.js`);
  class PricesModule {}
  Module({ imports: [MeshModule.forRoot(JSON.parse(process.env.MESH))], controllers: [Controller] })(PricesModule);
  return PricesModule;
}

await import(`${folder}/main.js`);
const app = await created;
// The module is evaluated before its bootstrap() is through.
await new Promise((resolve) => app.getHttpServer().once('listening', resolve));
process.send({ kind: 'up', url: await app.getUrl() });
