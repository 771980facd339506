import type { INestApplication, INestMicroservice, ModuleMetadata, NestHybridApplicationOptions } from '@nestjs/common';
import { type ClientProviderOptions, ClientsModule, type MicroserviceOptions, Transport } from '@nestjs/microservices';
import { connectMesh, MeshClient, MeshModule, MeshServer } from 'nestjs-mesh';
import type { Opened } from './applications.js';
import { alone, loopback, unawaited } from './mesh-options.js';

export const CLIENT = 'CLIENT';

/** A transport in an application of its own: what an application imports, and how it is connected. */
interface Citizen {
  readonly metadata: ModuleMetadata;
  connect(app: INestApplication, hybrid?: NestHybridApplicationOptions): INestMicroservice;
}

/** A server and a client as `MicroserviceOptions` and `ClientsModule` want them. */
function apart(server: MicroserviceOptions, client: ClientProviderOptions): Citizen {
  return {
    metadata: { imports: [ClientsModule.register([client])] },
    connect: (app, hybrid = { inheritAppConfig: true }) => app.connectMicroservice<MicroserviceOptions>(server, hybrid),
  };
}

function overTcp(): Citizen {
  const options = { transport: Transport.TCP, options: { host: '127.0.0.1', port: alone().port } } as const;
  return apart(options, { ...options, name: CLIENT });
}

/** Two nodes, which have to find each other. */
function onTwoNodes(): Citizen {
  const options = loopback();
  const strategy = new MeshServer({ ...options, ...unawaited });
  const peers = [`127.0.0.1:${options.port}`];
  return apart({ strategy }, { name: CLIENT, customClass: MeshClient, options: { ...options, peers } });
}

function onOneNode(): Citizen {
  return {
    metadata: {
      imports: [MeshModule.forRoot(alone())],
      providers: [{ provide: CLIENT, useExisting: MeshClient }],
    },
    connect: (app, hybrid) => {
      if (hybrid === undefined) return connectMesh(app);
      return app.connectMicroservice<MicroserviceOptions>({ strategy: app.get(MeshServer) }, hybrid);
    },
  };
}

/** Each of them is asked the same, Nest's own among them: that is what it is measured by. */
export const citizens = [
  ['TCP', overTcp],
  ['the mesh, as a server and a client with nodes of their own', onTwoNodes],
  ['the mesh, as MeshModule', onOneNode],
] as const;

export type MakeCitizen = (typeof citizens)[number][1];

/** An HTTP application that listens, and answers messages over that transport. */
export async function citizenApplication(
  opened: Opened,
  make: MakeCitizen,
  { imports = [], providers = [], ...metadata }: ModuleMetadata,
  before?: (microservice: INestMicroservice) => void,
): Promise<INestApplication> {
  const citizen = make();
  const app = await opened.application({
    ...metadata,
    imports: [...(citizen.metadata.imports ?? []), ...imports],
    providers: [...(citizen.metadata.providers ?? []), ...providers],
  });
  // What is set on a microservice by itself applies only where its initialisation is deferred.
  if (before === undefined) citizen.connect(app);
  else before(citizen.connect(app, { deferInitialization: true }));
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  return app;
}
