/* eslint-disable @typescript-eslint/no-unsafe-class-instance-assignment -- Nest declares its options as a class */
import {
  type ArgumentsHost,
  BadRequestException,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  type INestApplication,
  Inject,
  Injectable,
  type NestInterceptor,
  ParseIntPipe,
  type PipeTransform,
  Scope,
  type Type,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type ClientProxy,
  ClientProxyFactory,
  CONTEXT,
  Ctx,
  type MicroserviceOptions,
  Payload,
  RpcException,
  type TcpClientOptions,
  Transport,
} from '@nestjs/microservices';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MeshBus, MeshClient, MeshContext, MeshModule, MeshServer } from 'nestjs-mesh';
import { concat, EMPTY, finalize, lastValueFrom, map, NEVER, type Observable, of, throwError, toArray } from 'rxjs';
import { moduleOf, Opened, quiet } from './support/applications.js';
import { MessagePattern } from './support/message-pattern.js';
import { Inbox } from '../support/inbox.js';
import { alone, listeningLogger } from './support/mesh-options.js';

const opened = new Opened();
let calls: Inbox<string>;

beforeEach(() => {
  calls = new Inbox();
});
afterEach(() => opened.close());

function application(controllers: Type[], before?: (app: INestApplication) => void): Promise<INestApplication> {
  return opened.connected({ imports: [MeshModule.forRoot(alone())], controllers }, before);
}

function all(answers: Observable<unknown>): Promise<unknown[]> {
  return lastValueFrom(answers.pipe(toArray()));
}

describe('what Nest puts around @MessagePattern handlers', () => {
  function guard(place: string) {
    @Injectable()
    class SpecGuard implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        const rpc = context.switchToRpc();
        calls.add(`${place} guard ${rpc.getContext<MeshContext>().getKey()}`);
        return rpc.getData() !== 'forbidden';
      }
    }
    return SpecGuard;
  }

  function pipe(place: string) {
    @Injectable()
    class SpecPipe implements PipeTransform {
      transform(value: unknown): unknown {
        return value instanceof MeshContext ? value : `${String(value)}+${place}`;
      }
    }
    return SpecPipe;
  }

  function interceptor(place: string) {
    @Injectable()
    class SpecInterceptor implements NestInterceptor {
      intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
        calls.add(`${place} interceptor`);
        return next.handle().pipe(map((value) => `${place}(${String(value)})`));
      }
    }
    return SpecInterceptor;
  }

  function filter(place: string) {
    @Catch()
    class SpecFilter implements ExceptionFilter {
      catch(error: Error, host: ArgumentsHost): Observable<unknown> {
        const pattern = host.switchToRpc().getContext<MeshContext>().getPattern();
        return throwError(() => ({ place, pattern, message: error.message }));
      }
    }
    return SpecFilter;
  }

  @Controller()
  @UseGuards(guard('controller'))
  @UsePipes(pipe('controller'))
  @UseInterceptors(interceptor('controller'))
  @UseFilters(filter('controller'))
  class EnhancedController {
    @MessagePattern('enhanced:*')
    @UseGuards(guard('method'))
    @UsePipes(pipe('method'))
    @UseInterceptors(interceptor('method'))
    enhanced(@Payload() data: string): Observable<string> {
      return of(data, 'second');
    }

    @MessagePattern('fails:controller')
    failsForController(): never {
      throw new Error('failure');
    }

    @MessagePattern('fails:method')
    @UseFilters(filter('method'))
    failsForMethod(): Observable<never> {
      return throwError(() => new Error('failure'));
    }
  }

  @Controller()
  class PlainController {
    @MessagePattern('fails:global')
    fails(): never {
      throw new Error('failure');
    }
  }

  function useGlobals(app: INestApplication): void {
    app.useGlobalGuards(new (guard('global'))());
    app.useGlobalPipes(new (pipe('global'))());
    app.useGlobalInterceptors(new (interceptor('global'))());
    app.useGlobalFilters(new (filter('global'))());
  }

  it('runs, that of application, controller and method, and shapes the answer', async () => {
    const client = (await application([EnhancedController], useGlobals)).get(MeshClient);
    expect(await all(client.send('enhanced:1', 'data'))).toEqual([
      'global(controller(method(data+global+controller+method)))',
      'global(controller(method(second)))',
    ]);
    expect(calls.items).toEqual([
      'global guard enhanced:1',
      'controller guard enhanced:1',
      'method guard enhanced:1',
      'global interceptor',
      'controller interceptor',
      'method interceptor',
    ]);
  });

  it('forbids', async () => {
    const client = (await application([EnhancedController], useGlobals)).get(MeshClient);
    const refused = { place: 'controller', pattern: 'enhanced:*', message: 'Forbidden resource' };
    await expect(all(client.send('enhanced:1', 'forbidden'))).rejects.toEqual(refused);
  });

  it.each(['global', 'controller', 'method'])('filters failures: %s', async (place) => {
    const client = (await application([EnhancedController, PlainController], useGlobals)).get(MeshClient);
    const failure = { place, pattern: `fails:${place}`, message: 'failure' };
    await expect(all(client.send(`fails:${place}`, 1))).rejects.toEqual(failure);
  });

  it('lets a filter answer in the place of a handler, or say nothing', async () => {
    @Catch()
    class Answering implements ExceptionFilter {
      catch(error: Error): Observable<string> {
        return error.message === 'silence' ? EMPTY : of('instead of', error.message);
      }
    }
    @Controller()
    @UseFilters(Answering)
    class FilteredController {
      @MessagePattern('fails')
      fails(@Payload() message: string): never {
        throw new Error(message);
      }
    }
    const client = (await application([FilteredController])).get(MeshClient);
    expect(await all(client.send('fails', 'noise'))).toEqual(['instead of', 'noise']);
    expect(await all(client.send('fails', 'silence'))).toEqual([]);
  });

  it('makes a request-scoped controller for each request', async () => {
    let made = 0;
    @Controller({ scope: Scope.REQUEST })
    class RequestController {
      readonly number = ++made;

      constructor(@Inject(CONTEXT) readonly request: { readonly data: unknown; readonly context: MeshContext }) {}

      @MessagePattern('scoped:*')
      scoped(@Payload() data: unknown): unknown {
        const { context } = this.request;
        return { number: this.number, data, seen: this.request.data, key: context.getKey() };
      }
    }
    const client = (await application([RequestController])).get(MeshClient);
    expect(await all(client.send('scoped:x', 'a'))).toEqual([{ number: 1, data: 'a', seen: 'a', key: 'scoped:x' }]);
    expect(await all(client.send('scoped:y', 'b'))).toEqual([{ number: 2, data: 'b', seen: 'b', key: 'scoped:y' }]);
  });
});

describe('the failure of a request', () => {
  @Controller()
  class FailingController {
    @MessagePattern('rpc:text')
    rpcText(): never {
      throw new RpcException('x');
    }

    @MessagePattern('rpc:object')
    async rpcObject(): Promise<never> {
      throw new RpcException({ code: 42, detail: { of: 'it' } });
    }

    @MessagePattern('rpc:empty')
    rpcEmpty(): never {
      throw new RpcException('');
    }

    @MessagePattern('error')
    error(): never {
      throw new Error('secret words');
    }

    @MessagePattern('http')
    http(): never {
      throw new BadRequestException('secret words');
    }

    @MessagePattern('observable')
    observable(): Observable<never> {
      return throwError(() => new RpcException('later'));
    }

    @MessagePattern('pipe')
    pipe(@Payload(ParseIntPipe) data: number): number {
      return data;
    }

    @MessagePattern('behind values')
    behindValues(): Observable<number> {
      return concat(
        of(1, 2),
        throwError(() => new RpcException('then')),
      );
    }
  }

  /** What arrives of it: the values, then the failure. */
  async function outcome(client: ClientProxy, pattern: string): Promise<readonly unknown[]> {
    const seen: unknown[] = [];
    const last = await new Promise((resolve) => {
      client.send(pattern, 'data').subscribe({
        next: (value: unknown) => seen.push(value),
        error: (error: unknown) => resolve({ error }),
        complete: () => resolve('completed'),
      });
    });
    return [...seen, last];
  }

  /** The same handlers over TCP, which is what a user knows. */
  async function overTcp(): Promise<ClientProxy> {
    const port = alone().port;
    const options = { transport: Transport.TCP, options: { host: '127.0.0.1', port } } satisfies TcpClientOptions;
    const app = opened.add(
      await NestFactory.createMicroservice<MicroserviceOptions>(moduleOf({ controllers: [FailingController] }), {
        ...quiet,
        ...options,
      }),
    );
    await app.listen();
    const client = ClientProxyFactory.create(options);
    opened.add({ close: () => void client.close() });
    return client;
  }

  const internal = { status: 'error', message: 'Internal server error' };

  it.each([
    ['rpc:text', [{ error: { status: 'error', message: 'x' } }]],
    ['rpc:object', [{ error: { code: 42, detail: { of: 'it' } } }]],
    ['rpc:empty', [{ error: { status: 'error', message: '' } }]],
    ['error', [{ error: internal }]],
    ['http', [{ error: internal }]],
    ['observable', [{ error: { status: 'error', message: 'later' } }]],
    ['pipe', [{ error: internal }]],
    ['behind values', [1, 2, { error: { status: 'error', message: 'then' } }]],
    ['nobody', [{ error: 'There is no matching message handler defined in the remote service.' }]],
  ])('arrives as over TCP: %s', async (pattern, expected) => {
    const client = (await application([FailingController])).get(MeshClient);
    const seen = await outcome(client, pattern);
    expect(seen).toEqual(expected);
    expect(seen).toEqual(await outcome(await overTcp(), pattern));
  });

  @Catch()
  class ThrowingFilter implements ExceptionFilter {
    catch(error: Error): never {
      throw error;
    }
  }
  @Catch()
  class NothingFilter implements ExceptionFilter {
    catch(): Observable<never> {
      return throwError(() => null);
    }
  }
  @Controller()
  class WrongController {
    @MessagePattern('filter:throws')
    @UseFilters(ThrowingFilter)
    filterThrows(): never {
      throw new Error('secret words');
    }

    @MessagePattern('filter:nothing')
    @UseFilters(NothingFilter)
    filterNothing(): never {
      throw new Error('secret words');
    }

    @MessagePattern('no JSON')
    noJson(): Observable<unknown> {
      return concat(of('first', 1n), NEVER).pipe(finalize(() => calls.add('given up')));
    }

    @MessagePattern('no JSON in the failure')
    noJsonInFailure(): never {
      throw new RpcException({ secret: 1n });
    }

    @MessagePattern('too large')
    tooLarge(): string {
      return 'secret'.repeat(1_000_000);
    }

    @MessagePattern('well')
    well(): string {
      return 'well';
    }
  }

  it.each([
    ['filter:throws', [{ error: internal }], 'Error'],
    ['no JSON', ['first', { error: internal }], 'MESH_ERR_DATA'],
    ['too large', [{ error: internal }], 'MESH_ERR_DATA_TOO_LARGE'],
  ])("that is the server's own is hidden, and logged without its text: %s", async (pattern, expected, logged) => {
    const logger = listeningLogger();
    const mesh = MeshModule.forRoot({ ...alone(), logger });
    const app = await opened.connected({ imports: [mesh], controllers: [WrongController] });
    const client = app.get(MeshClient);
    expect(await outcome(client, pattern)).toEqual(expected);
    const warnings = logger.said.items.filter((line) => line.startsWith('warn: an answer to the mesh failed'));
    expect(warnings).toEqual([expect.stringContaining(`failed: ${logged}`)]);
    expect(warnings.join()).not.toMatch(/secret|words/);
    expect(await outcome(client, 'well')).toEqual(['well', 'completed']);
    if (pattern === 'no JSON') await calls.find((call) => call === 'given up');
  });

  it('is one also where it can not be sent', async () => {
    const client = (await application([WrongController])).get(MeshClient);
    const failure = { error: 'the reason of the failure can not be sent' };
    expect(await outcome(client, 'no JSON in the failure')).toEqual([failure]);
  });

  it('is one also where a filter makes nothing of it', async () => {
    const client = (await application([WrongController])).get(MeshClient);
    expect(await outcome(client, 'filter:nothing')).toEqual([{ error: internal }]);
  });
});

describe('the processing hooks', () => {
  async function listening(handler: () => Promise<unknown>): Promise<{ server: MeshServer; client: MeshClient }> {
    const bus = opened.add(new MeshBus(alone()));
    const server = opened.add(new MeshServer(bus, { logger: false }));
    server.addHandler('key', handler);
    await new Promise((resolve) => server.listen(resolve));
    return { server, client: new MeshClient(bus) };
  }

  function note(server: MeshServer): void {
    server.setOnProcessingStartHook((transport, context, done) => {
      calls.add(`start ${String(transport)} ${(context as MeshContext).getKey()}`);
      void done();
    });
    server.setOnProcessingEndHook((_, context) => calls.add(`end ${(context as MeshContext).getKey()}`));
  }

  it('run around a request, the end once behind its stream', async () => {
    const { server, client } = await listening(async () => of(1, 2));
    note(server);
    expect(await all(client.send('key', 1))).toEqual([1, 2]);
    expect(calls.items).toEqual(['start Symbol(nestjs-mesh) key', 'end key']);
  });

  it('end where a handler rejects, also with a hook that drops the promise which it is given', async () => {
    const { server, client } = await listening(async () => Promise.reject(new Error('secret')));
    note(server);
    const failure = { status: 'error', message: 'Internal server error' };
    await expect(all(client.send('key', 1))).rejects.toEqual(failure);
    expect(calls.items).toEqual(['start Symbol(nestjs-mesh) key', 'end key']);
  });

  it('fail the request when they fail', async () => {
    const { server, client } = await listening(async () => 1);
    server.setOnProcessingStartHook(() => {
      throw new Error('secret');
    });
    const failure = { status: 'error', message: 'Internal server error' };
    await expect(all(client.send('key', 1))).rejects.toEqual(failure);
  });
});

describe('a server that listens', () => {
  it('says nothing of @MessagePattern handlers', async () => {
    @Controller()
    class SumController {
      @MessagePattern('sum')
      sum(@Payload() _: unknown, @Ctx() context: MeshContext): string {
        return context.getKey();
      }
    }
    const logger = listeningLogger();
    const mesh = MeshModule.forRoot({ ...alone(), logger });
    await opened.connected({ imports: [mesh], controllers: [SumController] });
    const warnings = logger.said.items.filter((line) => line.startsWith('warn: '));
    // It is alone, and says that of its seed.
    expect(warnings.filter((line) => !line.includes('none of the seeds'))).toEqual([]);
  });

  it('calls back with the reason where a pattern is none', async () => {
    const server = opened.add(new MeshServer(alone()));
    server.addHandler('', async () => 1);
    const error = await new Promise((resolve) => server.listen(resolve));
    expect(error).toMatchObject({ code: 'MESH_ERR_PATTERN' });
    expect(server.isListening).toBe(false);
  });
});
