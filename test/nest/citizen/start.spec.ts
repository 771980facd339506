/* eslint-disable @typescript-eslint/no-unsafe-class-instance-assignment -- Nest declares its options as a class */
// A start that fails reports, and nothing hangs. That a signal ends an application, and that others see it leave, is in
// shutdown.spec.ts.
import { Controller } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { connectMesh, MeshKey, MeshModule, type MeshOptions, MeshServer } from 'nestjs-mesh';
import { moduleOf, Opened, quiet } from '../support/applications.js';
import { Children } from '../support/children.js';
import { EventPattern } from '../support/event-pattern.js';
import { foreigner } from '../support/foreigner.js';
import { MessagePattern } from '../support/message-pattern.js';
import { alone, listeningLogger, loopback } from '../support/mesh-options.js';

const opened = new Opened();
afterEach(() => opened.close());

@Controller()
class KeyController {
  @EventPattern('key:*')
  onKey(@MeshKey() _: string): void {}

  @MessagePattern('question:*')
  answer(@MeshKey() key: string): string {
    return key;
  }
}

function throwing(): never {
  throw new Error('a logger that throws');
}

interface Starting {
  start(): Promise<unknown>;
  close(): Promise<unknown>;
}

const kinds = {
  'a hybrid application': async (options: MeshOptions): Promise<Starting> => {
    const app = await opened.application({ imports: [MeshModule.forRoot(options)], controllers: [KeyController] });
    connectMesh(app);
    return { start: () => app.startAllMicroservices(), close: () => app.close() };
  },
  'an application that only publishes': async (options: MeshOptions): Promise<Starting> => {
    const app = await opened.application({ imports: [MeshModule.forRoot(options)] });
    return { start: () => app.listen(0, '127.0.0.1'), close: () => app.close() };
  },
  'a stand-alone microservice': async (options: MeshOptions): Promise<Starting> => {
    const strategy = new MeshServer(options);
    const module = moduleOf({ controllers: [KeyController] });
    const app = opened.add(await NestFactory.createMicroservice<MicroserviceOptions>(module, { ...quiet, strategy }));
    return { start: () => app.listen(), close: () => app.close() };
  },
};

const troubles: Readonly<Record<string, () => Promise<MeshOptions>>> = {
  MESH_ERR_PORT_IN_USE: async () => {
    const options = loopback();
    await foreigner(opened, options.port);
    return options;
  },
  MESH_ERR_CONFIG: async () => ({ ...alone(), interface: 'none0' }),
};

const rows = Object.keys(troubles).flatMap((code) => Object.keys(kinds).map((kind) => [kind, code] as const));

describe('a start that fails', () => {
  it.each(rows)('of %s rejects with %s, which the log has in one line, and can be closed', async (kind, code) => {
    const logger = listeningLogger();
    const app = await kinds[kind as keyof typeof kinds]({ ...(await troubles[code]!()), logger });
    await expect(app.start()).rejects.toMatchObject({ name: 'MeshError', code });
    const line: unknown = expect.stringMatching(new RegExp(`^error: the mesh could not start: ${code}: .+$`));
    expect(logger.said.items).toEqual([line]);
    await app.close();
  });

  it.each(Object.keys(kinds))('of %s rejects and can be closed with a logger that throws, too', async (kind) => {
    const logger = { ...listeningLogger(), error: throwing };
    const app = await kinds[kind as keyof typeof kinds]({ ...(await troubles.MESH_ERR_CONFIG!()), logger });
    await expect(app.start()).rejects.toMatchObject({ code: 'MESH_ERR_CONFIG' });
    await app.close();
  });

  describe('in a process of its own', () => {
    let children: Children;
    beforeAll(() => {
      children = new Children();
    });
    afterAll(() => children.close());

    it.each(['hybrid', 'standalone', 'own', 'context'])(
      'ends that process, and says why: %s',
      async (kind) => {
        const child = children.run('application', kind, 'close', JSON.stringify({ ...alone(), interface: 'none0' }));
        expect([await child.ended, child.lines.items]).toEqual([1, []]);
        expect(child.errors.items.join('\n')).toMatch(/MeshError.*: .*there is no 'none0'/);
      },
      20_000,
    );
  });
});
