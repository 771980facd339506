import 'reflect-metadata';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { connectMesh, MeshClient, MeshKey, MeshModule } from 'nestjs-mesh';
import { freePort } from './free-port';

declare const describe: (name: string, body: () => void) => void;
declare const it: (name: string, body: () => Promise<void> | void) => void;
declare const expect: (value: unknown) => { toEqual(expected: unknown): void; toMatch(expected: RegExp): void };

let tell: (heard: unknown) => void = () => undefined;

@Controller()
class InvalidationController {
  @EventPattern('invalidate:*')
  onInvalidate(@MeshKey() key: string, @Payload() data: unknown): void {
    tell({ key, data });
  }
}

describe('MeshModule in a CommonJS Jest', () => {
  it('is the CommonJS half', () => {
    expect(require.resolve('nestjs-mesh')).toMatch(/dist[\\/]cjs[\\/]index\.js$/);
  });

  it('hears its own event', async () => {
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
    } finally {
      await app.close();
    }
  });
});
