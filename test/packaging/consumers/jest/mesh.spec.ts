import 'reflect-metadata';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { connectMesh, MeshClient, MeshKey, MeshModule } from 'nestjs-mesh';
import { createMemoryMesh, MeshTestingModule } from 'nestjs-mesh/testing';
import { lastValueFrom, toArray } from 'rxjs';
import { freePort } from './free-port';

declare const describe: (name: string, body: () => void) => void;
declare const it: (name: string, body: () => Promise<void> | void) => void;
declare const jest: { useFakeTimers(): void; useRealTimers(): void };
declare const expect: (value: unknown) => { toEqual(expected: unknown): void; toMatch(expected: RegExp): void };

let tell: (heard: unknown) => void = () => undefined;

@Controller()
class InvalidationController {
  @EventPattern('invalidate:*')
  onInvalidate(@MeshKey() key: string, @Payload() data: unknown): void {
    tell({ key, data });
  }

  @MessagePattern('size:*')
  size(@MeshKey() key: string, @Payload() of: unknown): unknown {
    return { key, of };
  }
}

describe('MeshModule in a CommonJS Jest', () => {
  it('is the CommonJS half', () => {
    expect(require.resolve('nestjs-mesh')).toMatch(/dist[\\/]cjs[\\/]index\.js$/);
  });

  it('hears its own event, and answers its own question', async () => {
    const module = await Test.createTestingModule({
      imports: [MeshModule.forRoot({ interface: 'lo', group: false, cluster: 'pack', port: await freePort() })],
      controllers: [InvalidationController],
    }).compile();
    const app = module.createNestApplication({ logger: ['error'] });
    const heard = new Promise((resolve) => {
      tell = resolve;
    });
    connectMesh(app);
    try {
      await app.startAllMicroservices();
      await app.init();
      app.get(MeshClient).emit('invalidate:user:42', { by: 'pack' });
      expect(await heard).toEqual({ key: 'invalidate:user:42', data: { by: 'pack' } });
      const answers = lastValueFrom(app.get(MeshClient).send('size:users', 'pack').pipe(toArray()));
      expect(await answers).toEqual([{ key: 'size:users', of: 'pack' }]);
    } finally {
      await app.close();
    }
  });

  it('hears a bus in memory, under fake timers', async () => {
    jest.useFakeTimers();
    const mesh = createMemoryMesh();
    const imports = [MeshTestingModule.forRoot({ mesh })];
    const module = await Test.createTestingModule({ imports, controllers: [InvalidationController] }).compile();
    const app = module.createNestApplication({ logger: ['error'] });
    const heard: unknown[] = [];
    tell = (event) => heard.push(event);
    connectMesh(app);
    await app.startAllMicroservices();
    await app.init();
    const bus = mesh.bus();
    await bus.start();
    await bus.publish('invalidate:user:42');
    await mesh.settled();
    await app.close();
    await mesh.close();
    jest.useRealTimers();
    expect(heard).toEqual([{ key: 'invalidate:user:42', data: 'invalidate:user:42' }]);
  });
});
