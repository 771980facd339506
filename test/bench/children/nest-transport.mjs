// The transports of Nest, as an application uses them: a client, and a microservice with an event handler.
import { Controller, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientNats, ClientRedis, ClientTCP, EventPattern, Transport } from '@nestjs/microservices';
import * as mesh from 'nestjs-mesh';
import { lastValueFrom } from 'rxjs';
import { decorate } from './decorate.mjs';
import { meshOptions } from './mesh-options.mjs';

const EVENT = 'invalidate';
const NAMED = (emit) => (key) => emit(EVENT, key);

Logger.overrideLogger(false);

/** By kind: the client, how a key is emitted, and what the microservice is made of. */
const TRANSPORTS = {
  mesh: (port, pattern, secret) => ({
    ...meshTransport(port, secret),
    decorator: EventPattern(pattern),
  }),
  'mesh-batch': (port, pattern, secret) => ({
    ...meshTransport(port, secret),
    decorator: mesh.MeshBatch(pattern),
  }),
  tcp: (port) => peer(ClientTCP, Transport.TCP, { host: '127.0.0.1', port }),
  redis: (port) => peer(ClientRedis, Transport.REDIS, { host: '127.0.0.1', port }),
  nats: (port) => peer(ClientNats, Transport.NATS, { servers: `nats://127.0.0.1:${port}` }),
};

function meshTransport(port, secret) {
  return {
    makeClient: () => new mesh.MeshClient(meshOptions(port, secret)),
    microservice: () => ({ strategy: new mesh.MeshServer(meshOptions(port, secret)) }),
    emitterOf: (client) => (key) => client.emit(key),
    met: (client, receivers) => client.unwrap().waitForPeers(receivers, { timeout: 15_000 }),
  };
}

function peer(Client, transport, options) {
  return {
    makeClient: () => new Client(options),
    microservice: () => ({ transport, options }),
    decorator: EventPattern(EVENT),
    emitterOf: (client) => NAMED((event, data) => client.emit(event, data)),
    met: () => undefined,
  };
}

export function makeSender({ kind, port, receivers, pattern, secret }) {
  const { makeClient, emitterOf, met } = TRANSPORTS[kind](port, pattern, secret);
  const client = makeClient();
  const emit = emitterOf(client);
  return {
    start: () => client.connect().then(() => met(client, receivers)),
    emit,
    /** Waits for the last of them, as one does who must not outrun the transport. */
    async emitAll(keys) {
      let last;
      for (const key of keys) last = emit(key);
      await lastValueFrom(last, { defaultValue: undefined });
    },
  };
}

/** @param hear is called by the handler, once for each event, or for each batch with all of them */
export function makeReceiver({ kind, port, pattern, secret }, hear) {
  const { microservice, decorator } = TRANSPORTS[kind](port, pattern, secret);
  class Events {
    onEvent(payload) {
      hear(payload);
    }
  }
  decorate(Events, [decorator], 'onEvent');
  decorate(Events, [Controller()]);
  class AppModule {}
  decorate(AppModule, [Module({ controllers: [Events] })]);
  const options = { ...microservice(), logger: false };
  return {
    start: () => NestFactory.createMicroservice(AppModule, options).then((app) => app.listen()),
    delivered: () => options.strategy.unwrap().metrics().delivered,
  };
}
