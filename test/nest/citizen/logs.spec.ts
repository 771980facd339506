/* eslint-disable @typescript-eslint/no-unsafe-class-instance-assignment -- Nest declares its options as a class */
// What Nest asks of TCP in `buffer-logs-tcp.spec.ts`: what is said before there is a logger waits for it.
import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { afterEach, describe, expect, it } from '@jest/globals';
import { connectMesh, MeshClient, MeshModule, type MeshOptions, MeshServer } from 'nestjs-mesh';
import { firstValueFrom } from 'rxjs';
import { moduleOf, Opened } from '../support/applications.js';
import { alone } from '../support/mesh-options.js';

const opened = new Opened();
afterEach(() => opened.close());

class CollectingLogger implements LoggerService {
  readonly lines: string[] = [];

  log(message: unknown, context: string): void {
    this.lines.push(`log ${context}: ${String(message)}`);
  }

  warn(message: unknown, context: string): void {
    this.lines.push(`warn ${context}: ${String(message)}`);
  }

  error(message: unknown, ...rest: readonly unknown[]): void {
    this.lines.push(`error ${String(rest.at(-1))}: ${String(message)}`);
  }

  get ofMesh(): readonly string[] {
    return this.lines.filter((line) => line.includes(' Mesh: '));
  }
}

/** With the logger of Nest. */
function talking(): MeshOptions {
  return { ...alone(), logger: undefined };
}

const buffered = { bufferLogs: true, abortOnError: false };
const atStart = [
  expect.stringMatching(/^log Mesh: mesh "spec" 127\.0\.0\.1:\d+ · unicast only · 0 peers · unsealed$/),
  // It has a seed that nobody answers at.
  expect.stringMatching(/^warn Mesh: mesh "spec": none of the seeds/),
];

describe('what a mesh says while logs are buffered', () => {
  it('comes to the logger of a hybrid application, in its place among what Nest says', async () => {
    const logger = new CollectingLogger();
    const imports = [MeshModule.forRoot(talking())];
    const app = opened.add(await NestFactory.create(moduleOf({ imports }), buffered));
    connectMesh(app);
    app.useLogger(logger);
    await app.startAllMicroservices();
    await app.init();
    expect(logger.ofMesh).toEqual(atStart);
    const at = (text: string): number => logger.lines.findIndex((line) => line.includes(text));
    expect(at('Starting Nest application')).toBe(0);
    expect(at('mesh "spec"')).toBeGreaterThan(0);
    expect(at('mesh "spec"')).toBeLessThan(at('Nest application successfully started'));
  });

  it('waits until logs are flushed, and comes to the logger that there is by then', async () => {
    const logger = new CollectingLogger();
    const imports = [MeshModule.forRoot(talking())];
    const options = { ...buffered, autoFlushLogs: false, logger: new CollectingLogger() };
    const app = opened.add(await NestFactory.create(moduleOf({ imports }), options));
    await app.init();
    await firstValueFrom(app.get(MeshClient).emit('')).catch(() => undefined);
    app.useLogger(logger);
    expect([options.logger.lines, logger.lines]).toEqual([[], []]);
    app.flushLogs();
    const emitted = expect.stringMatching(/^warn Mesh: an emit to the mesh failed: .*MESH_ERR_KEY/);
    expect([options.logger.lines, logger.ofMesh]).toEqual([[], [...atStart, emitted]]);
  });

  it('comes to the logger of a stand-alone microservice', async () => {
    const logger = new CollectingLogger();
    const strategy = new MeshServer(talking());
    const app = opened.add(
      await NestFactory.createMicroservice<MicroserviceOptions>(moduleOf({}), { ...buffered, strategy }),
    );
    app.useLogger(logger);
    await app.listen();
    expect(logger.ofMesh).toEqual(atStart);
  });
});
