// From `emit` to the running handler on an idle mesh: two processes on loopback, one event at a time, 2000 of them.
// Both read the same monotonic clock of the machine. Run with `npm run bench:latency`.
import 'reflect-metadata';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern } from '@nestjs/microservices';
import { MeshClient, MeshServer } from 'nestjs-mesh';

const WARM_UP = 500;
const COUNT = 2000;
const PAUSE_MS = 2;
const OPTIONS = { port: 27_946, interface: 'lo', logger: false };

function decorate(target, decorators, method) {
  if (method === undefined) return Reflect.decorate(decorators, target);
  const descriptor = Object.getOwnPropertyDescriptor(target.prototype, method);
  Reflect.decorate(decorators, target.prototype, method, descriptor);
  return target;
}

async function receive() {
  const latencies = [];
  class Events {
    onEvent(key) {
      latencies.push(Number(process.hrtime.bigint() - BigInt(key.slice('at:'.length))) / 1000);
      if (latencies.length === WARM_UP + COUNT) process.send(latencies.slice(WARM_UP));
    }
  }
  decorate(Events, [EventPattern('at:*')], 'onEvent');
  decorate(Events, [Controller()]);
  class AppModule {}
  decorate(AppModule, [Module({ controllers: [Events] })]);
  const app = await NestFactory.createMicroservice(AppModule, { strategy: new MeshServer(OPTIONS), logger: false });
  await app.listen();
  process.send('listening');
  process.once('disconnect', () => void app.close());
}

async function measure() {
  const child = fork(fileURLToPath(import.meta.url), ['receive']);
  await once(child, 'message');
  const client = new MeshClient(OPTIONS);
  await client.connect();
  await client.unwrap().waitForPeers(1);
  const result = once(child, 'message');
  for (let sent = 0; sent < WARM_UP + COUNT; sent++) {
    client.emit(`at:${process.hrtime.bigint()}`);
    await pause(PAUSE_MS);
  }
  const [latencies] = await result;
  await client.close();
  child.disconnect();
  latencies.sort((one, other) => one - other);
  const at = (fraction) => `${latencies[Math.floor(fraction * (latencies.length - 1))].toFixed(0)} µs`;
  console.log(`emit → @EventPattern handler, idle mesh, ${COUNT} events, one every ${PAUSE_MS} ms`);
  console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0].model}`);
  console.log(`median ${at(0.5)} · p90 ${at(0.9)} · p99 ${at(0.99)} · max ${at(1)}`);
}

await (process.argv[2] === 'receive' ? receive() : measure());
