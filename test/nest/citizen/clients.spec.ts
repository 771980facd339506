// What Nest asks of clients in `sum-rpc.spec.ts`: made in every way that there is, and with failures of their own. That a
// client works again after close() is in mesh.client.spec.ts and requests.spec.ts, serializers are in serialization.spec.ts.
import { Controller, Injectable, type INestApplication, Module } from '@nestjs/common';
import {
  Client,
  ClientProxy,
  ClientProxyFactory,
  ClientsModule,
  type ClientsModuleOptionsFactory,
  ClientTCP,
  type CustomClientOptions,
  type MicroserviceOptions,
  Payload,
  RpcException,
  Transport,
} from '@nestjs/microservices';
import { afterEach, describe, expect, it } from '@jest/globals';
import { MeshClient, type MeshOptions, MeshServer } from 'nestjs-mesh';
import { firstValueFrom, lastValueFrom, type Observable, of, throwError, toArray } from 'rxjs';
import { Opened } from '../support/applications.js';
import { MessagePattern } from '../support/message-pattern.js';
import { alone, loopback, unawaited } from '../support/mesh-options.js';

const opened = new Opened();
afterEach(() => opened.close());

@Controller()
class AnswerController {
  @MessagePattern('value')
  value(@Payload() data: unknown): unknown {
    return data;
  }

  @MessagePattern('values')
  values(): Observable<number> {
    return of(1, 2);
  }

  @MessagePattern('failure')
  failure(): Observable<never> {
    return throwError(() => new RpcException({ code: 42 }));
  }
}

/** An application that answers, by whatever server, and what its clients are to be made of. */
async function answering(server: MicroserviceOptions): Promise<INestApplication> {
  const app = await opened.application({ controllers: [AnswerController] });
  app.connectMicroservice<MicroserviceOptions>(server);
  await app.startAllMicroservices();
  return app;
}

async function meshOptions(): Promise<MeshOptions> {
  const options = loopback();
  await answering({ strategy: new MeshServer({ ...options, ...unawaited }) });
  return { ...options, peers: [`127.0.0.1:${options.port}`] };
}

describe('a client', () => {
  const made = {
    'ClientProxyFactory.create': async (options: CustomClientOptions) => ClientProxyFactory.create(options),
    '@Client()': async (options: CustomClientOptions) => {
      @Injectable()
      class Service {
        @Client(options)
        readonly client!: ClientProxy;
      }
      const app = await opened.application({ providers: [Service] });
      await app.init();
      return app.get(Service).client;
    },
    'ClientsModule.register': async (options: CustomClientOptions) => {
      const app = await opened.application({ imports: [ClientsModule.register([{ ...options, name: 'CLIENT' }])] });
      await app.init();
      return app.get<ClientProxy>('CLIENT');
    },
    'ClientsModule.registerAsync with useFactory': async (options: CustomClientOptions) => {
      const imports = [ClientsModule.registerAsync([{ name: 'CLIENT', useFactory: () => options }])];
      const app = await opened.application({ imports });
      await app.init();
      return app.get<ClientProxy>('CLIENT');
    },
    'ClientsModule.registerAsync with useClass': async (options: CustomClientOptions) => {
      @Injectable()
      class Options implements ClientsModuleOptionsFactory {
        createClientOptions(): CustomClientOptions {
          return options;
        }
      }
      @Module({ imports: [ClientsModule.registerAsync([{ name: 'CLIENT', useClass: Options }])] })
      class ClientModule {}
      const app = await opened.application({ imports: [ClientModule] });
      await app.init();
      return app.get<ClientProxy>('CLIENT', { strict: false });
    },
  };

  it.each(Object.entries(made))('is made by %s', async (_, make) => {
    const client = await make({ customClass: MeshClient, options: { ...(await meshOptions()) } });
    opened.add({ close: () => client.close() as unknown });
    expect(client).toBeInstanceOf(MeshClient);
    expect(await firstValueFrom(client.send('value', 'there and back'))).toBe('there and back');
  });
});

describe('serializeError and serializeResponse of a client', () => {
  class OwnFailure extends Error {}

  class MeshOfOwn extends MeshClient {
    override serializeError(failure: unknown): OwnFailure {
      return new OwnFailure('', { cause: failure });
    }

    override serializeResponse(value: unknown): unknown {
      return { value };
    }
  }

  class TcpOfOwn extends ClientTCP {
    override serializeError(failure: unknown): OwnFailure {
      return new OwnFailure('', { cause: failure });
    }

    override serializeResponse(value: unknown): unknown {
      return { value };
    }
  }

  const clients = {
    TCP: async () => {
      const options = { host: '127.0.0.1', port: alone().port };
      await answering({ transport: Transport.TCP, options });
      return new TcpOfOwn(options);
    },
    'the mesh': async () => new MeshOfOwn(await meshOptions()),
  };

  it.each(Object.entries(clients))('shape what users get, over %s', async (_, make) => {
    const client: Pick<ClientProxy, 'send'> = opened.add<TcpOfOwn | MeshOfOwn>(await make());
    expect(await lastValueFrom(client.send('values', 1).pipe(toArray()))).toEqual([{ value: 1 }, { value: 2 }]);
    for (const [pattern, cause] of [
      ['failure', { code: 42 }],
      ['nobody', 'There is no matching message handler defined in the remote service.'],
    ] as const) {
      const failure: unknown = await firstValueFrom(client.send(pattern, 1)).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(OwnFailure);
      expect((failure as OwnFailure).cause).toEqual(cause);
    }
  });

  it("shape the mesh's own failures too", async () => {
    const client = opened.add(new MeshOfOwn(await meshOptions()));
    const failure = await firstValueFrom(client.send('value', 1n)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(OwnFailure);
    expect((failure as OwnFailure).cause).toMatchObject({ code: 'MESH_ERR_DATA' });
  });
});
