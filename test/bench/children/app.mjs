// A Nest application with one transport, or with none, in a process that has just begun.
import { Controller, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { answerCalls } from '../../support/answer-calls.mjs';
import { decorate } from './decorate.mjs';
import { meshOptions } from './mesh-options.mjs';

const TURN_MS = 100;
const QUIET_TURNS = 30;
const NOISE_BYTES = 128 * 1024;

const { kind, port } = JSON.parse(process.argv[2]);

Logger.overrideLogger(false);
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

/** What the transport brings along: modules to import, how handlers are connected to it, and when all is there. */
const PARTS = {
  bare: async () => ({ imports: [], decorators: [], connect() {}, isThere() {} }),
  async mesh() {
    const { connectMesh, MeshBus, MeshModule } = await import('nestjs-mesh');
    const { EventPattern } = await import('@nestjs/microservices');
    return {
      imports: [MeshModule.forRoot(meshOptions(port))],
      decorators: [EventPattern('product:*')],
      connect: (app) => void connectMesh(app),
      isThere: (app, peers) => app.get(MeshBus).waitForPeers(peers, { timeout: 15_000 }),
    };
  },
  async redis() {
    const { ClientsModule, EventPattern, Transport } = await import('@nestjs/microservices');
    await import('ioredis');
    const settings = { transport: Transport.REDIS, options: { host: '127.0.0.1', port } };
    return {
      imports: [ClientsModule.register([{ name: 'REDIS', ...settings }])],
      decorators: [EventPattern('invalidate')],
      connect: (app) => void app.connectMicroservice(settings),
      isThere: (app) => app.get('REDIS').connect(),
    };
  },
};

const parts = await PARTS[kind]();
let app;

function makeModule() {
  class Events {
    onEvent() {}
  }
  if (parts.decorators.length > 0) decorate(Events, parts.decorators, 'onEvent');
  decorate(Events, [Controller()]);
  class AppModule {}
  return decorate(AppModule, [Module({ imports: parts.imports, controllers: [Events] })]);
}

answerCalls({
  /** Tells how many ms it took until events could go both ways. */
  async start(peers) {
    const AppModule = makeModule();
    const begun = performance.now();
    app = await NestFactory.create(AppModule, { logger: false });
    parts.connect(app);
    if (kind === 'bare') await app.init();
    else await app.startAllMicroservices();
    await parts.isThere(app, peers);
    return performance.now() - begun;
  },
  /** As on a deployment: the peers are told. One that were killed would be waited for by the next to start. */
  stop: () => app?.close(),
  /**
   * Resident bytes, when what is garbage has gone: V8 gives pages back up to three seconds after they are empty, so it is
   * waited until nothing has become less for that long.
   */
  async resident() {
    let least = Infinity;
    for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
      collect();
      await pause(TURN_MS);
      const now = process.memoryUsage.rss();
      if (now < least - NOISE_BYTES) quiet = 0;
      least = Math.min(least, now);
    }
    return least;
  },
});
