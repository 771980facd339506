import type { INestApplication, INestMicroservice } from '@nestjs/common';
import type { AsyncMicroserviceOptions } from '@nestjs/microservices';
import type { MeshServer } from '../server/mesh.server.js';
import { meshServerToken } from './mesh.tokens.js';

/**
 * Connects the event handlers of an application that imports `MeshModule` to the mesh; `app.startAllMicroservices()`
 * then starts it. Application-wide guards, pipes, interceptors and filters apply to events too: set them before.
 *
 * @param name the `name` given to `MeshModule.forRoot`
 */
export function connectMesh(app: INestApplication, name?: string): INestMicroservice {
  const strategy: AsyncMicroserviceOptions = {
    inject: [meshServerToken(name)],
    useFactory: (server: MeshServer) => ({ strategy: server }),
  };
  return app.connectMicroservice(strategy, { inheritAppConfig: true });
}
