import {
  type ArgumentsHost,
  BadRequestException,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExecutionContext,
  type ExceptionFilter,
  Inject,
  Injectable,
  type NestInterceptor,
  type PipeTransform,
  type Type,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type INestApplication,
} from '@nestjs/common';
import { CONTEXT, Ctx, Payload, Transport } from '@nestjs/microservices';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MESH_TRANSPORT, MeshBus, MeshClient, MeshContext, MeshKey, MeshModule, meshTransport } from 'nestjs-mesh';
import { defer, EMPTY, type Observable, tap } from 'rxjs';
import { Opened } from './support/applications.js';
import { EventPattern } from './support/event-pattern.js';
import { Inbox } from '../support/inbox.js';
import { listeningLogger, alone } from './support/mesh-options.js';

const opened = new Opened();
let calls: Inbox<string>;

beforeEach(() => {
  calls = new Inbox();
});
afterEach(() => opened.close());

/** What was called when a last event has come behind all that was emitted before, and what that began has ended. */
async function callsUntilLast(client: MeshClient): Promise<readonly string[]> {
  client.emit('last');
  await calls.find((call) => call === 'last');
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  return calls.items.filter((call) => call !== 'last');
}

@Controller()
class LastController {
  @EventPattern('last')
  onLast(): void {
    calls.add('last');
  }
}

function application(controllers: Type[], before?: (app: INestApplication) => void) {
  return opened.connected(
    { imports: [MeshModule.forRoot(alone())], controllers: [...controllers, LastController] },
    before,
  );
}

describe('MeshServer: patterns', () => {
  @Controller()
  class PatternController {
    @EventPattern('exact')
    onExact(@Payload() payload: unknown): void {
      calls.add(`exact ${JSON.stringify(payload)}`);
    }

    @EventPattern('user:*')
    onGlob(@MeshKey() key: string, @Payload() data: unknown, @Ctx() context: MeshContext): void {
      calls.add(`glob ${key} ${JSON.stringify(data)} ${context.getPattern()}`);
    }

    @EventPattern('user:4?')
    onOther(@MeshKey() key: string): void {
      calls.add(`other ${key}`);
    }

    @EventPattern({ cmd: 'a*', at: 1 })
    onObject(@MeshKey() key: string): void {
      calls.add(`object ${key}`);
    }

    @EventPattern(42)
    onNumber(@Payload() data: unknown): void {
      calls.add(`number ${JSON.stringify(data)}`);
    }

    @EventPattern(['1.0', 'null', 'true', '1e3', '"quoted"'])
    onJson(@MeshKey() key: string): void {
      calls.add(`json ${key}`);
    }

    @EventPattern('own', MESH_TRANSPORT)
    onOwn(): void {
      calls.add('own');
    }

    @EventPattern('tcp', Transport.TCP)
    onTcp(): void {
      calls.add('tcp');
    }

    @EventPattern('eu', meshTransport('eu'))
    onOtherMesh(): void {
      calls.add('eu');
    }
  }

  it('gives the key of a bare event as payload', async () => {
    const client = (await application([PatternController])).get(MeshClient);
    client.emit('exact');
    expect(await callsUntilLast(client)).toEqual(['exact "exact"']);
  });

  it('calls every handler whose pattern matches the key, each once', async () => {
    const client = (await application([PatternController])).get(MeshClient);
    client.emit('user:42', { name: 'Ann' });
    client.emit('user:7:name', 0);
    expect(await callsUntilLast(client)).toEqual([
      'glob user:42 {"name":"Ann"} user:*',
      'other user:42',
      'glob user:7:name 0 user:*',
    ]);
  });

  it('takes objects and numbers for exact patterns', async () => {
    const client = (await application([PatternController])).get(MeshClient);
    client.emit({ at: 1, cmd: 'a*' });
    client.emit({ at: 1, cmd: 'ab' });
    client.emit(42, 'data');
    expect(await callsUntilLast(client)).toEqual(['object {"at":1,"cmd":"a*"}', 'number "data"']);
  });

  it.each(['1.0', 'null', 'true', '1e3', '"quoted"'])('finds the key %s, which is JSON too', async (key) => {
    const client = (await application([PatternController])).get(MeshClient);
    client.emit(key);
    expect(await callsUntilLast(client)).toEqual([`json ${key}`]);
  });

  it('leaves the handlers of other transports and other meshes alone', async () => {
    const client = (await application([PatternController])).get(MeshClient);
    client.emitMany(['own', 'tcp', 'eu']);
    expect(await callsUntilLast(client)).toEqual(['own']);
  });

  it('says nothing about keys that no handler matches', async () => {
    const logger = listeningLogger();
    const app = await opened.connected({
      imports: [MeshModule.forRoot({ ...alone(), logger })],
      controllers: [LastController],
    });
    app.get(MeshClient).emit('nobody:wants:this', { data: 1 });
    await callsUntilLast(app.get(MeshClient));
    const warnings = logger.said.items.filter((line) => !line.startsWith('log: '));
    // It is alone, and says that of its seed.
    expect(warnings.filter((line) => !line.includes('none of the seeds'))).toEqual([]);
    expect(logger.said.items.join()).not.toContain('nobody');
  });

  it('tells the handler where an event came from', async () => {
    const contexts = new Inbox<MeshContext>();
    @Controller()
    class ContextController {
      @EventPattern('where')
      onWhere(@Ctx() context: MeshContext): void {
        contexts.add(context);
      }
    }
    const app = await opened.connected({
      imports: [MeshModule.forRoot({ ...alone(), zone: 'a' })],
      controllers: [ContextController],
    });
    await app.get(MeshBus).publish('where', { metadata: { traceparent: '00-1' } });
    const [context] = await contexts.atLeast(1);
    expect(context).toBeInstanceOf(MeshContext);
    expect(context?.getKey()).toBe('where');
    expect(context?.getOrigin()).toBe(app.get(MeshBus).id);
    expect(context?.getZone()).toBe('a');
    expect(context?.getMetadata()).toEqual({ traceparent: '00-1' });
  });
});

describe('MeshServer: several handlers of one pattern', () => {
  it('calls all of them, with the same arguments', async () => {
    @Controller()
    class First {
      @EventPattern('shared')
      on(@Payload() data: unknown): void {
        calls.add(`first ${JSON.stringify(data)}`);
      }
    }
    @Controller()
    class Second {
      @EventPattern('shared')
      on(@Payload() data: unknown): void {
        calls.add(`second ${JSON.stringify(data)}`);
      }
    }
    const client = (await application([First, Second])).get(MeshClient);
    client.emit('shared', 1);
    expect(await callsUntilLast(client)).toEqual(['first 1', 'second 1']);
  });

  it('calls a method once for each of its own patterns that match, as Nest makes a handler of each', async () => {
    @Controller()
    class Both {
      @EventPattern(['a:*', 'a:b'])
      on(@Ctx() context: MeshContext): void {
        calls.add(context.getPattern());
      }
    }
    const client = (await application([Both])).get(MeshClient);
    client.emit('a:b');
    client.emit('a:c');
    expect(await callsUntilLast(client)).toEqual(['a:*', 'a:b', 'a:*']);
  });

  describe('of which one fails', () => {
    /** Is still busy when the others have failed. */
    @Injectable()
    class Slow implements CanActivate {
      canActivate(): Promise<boolean> {
        return new Promise((resolve) => setImmediate(() => resolve(true)));
      }
    }
    @Injectable()
    class Passing implements NestInterceptor {
      intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
        return next.handle();
      }
    }
    @Controller()
    class Failing {
      @EventPattern('shared')
      on(): void {
        throw new Error('fails');
      }
    }
    @Controller()
    class Sibling {
      @EventPattern('shared')
      on(): void {
        calls.add('sibling');
      }
    }
    @Controller()
    class SlowSibling {
      @EventPattern('shared')
      @UseGuards(Slow)
      on(): void {
        calls.add('slow sibling');
      }
    }
    @Controller()
    class SlowInterceptedSibling {
      @EventPattern('shared')
      @UseGuards(Slow)
      @UseInterceptors(Passing)
      on(): void {
        calls.add('slow intercepted sibling');
      }
    }

    it('calls those that were declared before it and behind it', async () => {
      const client = (await application([Sibling, Failing, SlowSibling])).get(MeshClient);
      client.emit('shared');
      expect(await callsUntilLast(client)).toEqual(['sibling', 'slow sibling']);
    });

    it('does not call one behind an interceptor that was not reached by then: Nest gives it up', async () => {
      const client = (await application([SlowInterceptedSibling, Failing])).get(MeshClient);
      client.emit('shared');
      expect(await callsUntilLast(client)).toEqual([]);
    });
  });
});

describe('MeshServer: what Nest puts around handlers', () => {
  function guard(place: string) {
    @Injectable()
    class SpecGuard implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        const rpc = context.switchToRpc();
        calls.add(`${place} guard ${rpc.getContext<MeshContext>().getKey()} ${String(rpc.getData())}`);
        return rpc.getData() !== 'forbidden';
      }
    }
    return SpecGuard;
  }

  function pipe(place: string) {
    @Injectable()
    class SpecPipe implements PipeTransform {
      transform(value: unknown): unknown {
        calls.add(`${place} pipe ${String(value)}`);
        return typeof value === 'string' ? `${value}+${place}` : value;
      }
    }
    return SpecPipe;
  }

  function interceptor(place: string) {
    @Injectable()
    class SpecInterceptor implements NestInterceptor {
      intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
        const key = context.switchToRpc().getContext<MeshContext>().getKey();
        calls.add(`${place} interceptor before ${key}`);
        return next.handle().pipe(tap(() => calls.add(`${place} interceptor after ${key}`)));
      }
    }
    return SpecInterceptor;
  }

  function filter(place: string) {
    @Catch()
    class SpecFilter implements ExceptionFilter {
      catch(error: Error, host: ArgumentsHost): Observable<never> {
        calls.add(`${place} filter ${error.message} ${host.switchToRpc().getContext<MeshContext>().getPattern()}`);
        return EMPTY;
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
    @EventPattern('enhanced')
    @UseGuards(guard('method'))
    @UsePipes(pipe('method'))
    @UseInterceptors(interceptor('method'))
    onEnhanced(@Payload() data: unknown): string {
      calls.add(`handler ${String(data)}`);
      return 'result';
    }

    @EventPattern('fails:controller')
    onControllerFailure(): never {
      throw new Error('failure');
    }

    @EventPattern('fails:method')
    @UseFilters(filter('method'))
    onMethodFailure(): never {
      throw new Error('failure');
    }
  }

  @Controller()
  class PlainController {
    @EventPattern('fails:global')
    onGlobalFailure(): never {
      throw new Error('failure');
    }
  }

  function useGlobals(app: INestApplication): void {
    app.useGlobalGuards(new (guard('global'))());
    app.useGlobalPipes(new (pipe('global'))());
    app.useGlobalInterceptors(new (interceptor('global'))());
    app.useGlobalFilters(new (filter('global'))());
  }

  const aboutFailures = (all: readonly string[]): readonly string[] => all.filter((call) => call.includes('filter'));

  it('runs guards, interceptors and pipes of application, controller and method, in this order', async () => {
    const client = (await application([EnhancedController], useGlobals)).get(MeshClient);
    client.emit('enhanced', 'data');
    const all = await callsUntilLast(client);
    expect(all.filter((call) => !call.includes('last'))).toEqual([
      'global guard enhanced data',
      'controller guard enhanced data',
      'method guard enhanced data',
      'global interceptor before enhanced',
      'controller interceptor before enhanced',
      'method interceptor before enhanced',
      'global pipe data',
      'controller pipe data+global',
      'method pipe data+global+controller',
      'handler data+global+controller+method',
      'method interceptor after enhanced',
      'controller interceptor after enhanced',
      'global interceptor after enhanced',
    ]);
  });

  it('does not call a handler that a guard forbids', async () => {
    const client = (await application([EnhancedController], useGlobals)).get(MeshClient);
    client.emit('enhanced', 'forbidden');
    const all = await callsUntilLast(client);
    expect(all.filter((call) => call.startsWith('handler'))).toEqual([]);
    expect(aboutFailures(all)).toHaveLength(1);
  });

  it('asks the filter nearest to a handler that fails', async () => {
    const client = (await application([EnhancedController, PlainController], useGlobals)).get(MeshClient);
    client.emitMany(['fails:global', 'fails:controller', 'fails:method']);
    expect([...aboutFailures(await callsUntilLast(client))].sort()).toEqual([
      'controller filter failure fails:controller',
      'global filter failure fails:global',
      'method filter failure fails:method',
    ]);
  });

  it('subscribes to an Observable that a handler returns', async () => {
    @Controller()
    class ObservableController {
      @EventPattern('cold')
      onCold(): Observable<never> {
        return defer(() => {
          calls.add('subscribed');
          return EMPTY;
        });
      }
    }
    const client = (await application([ObservableController])).get(MeshClient);
    client.emit('cold');
    expect(await callsUntilLast(client)).toEqual(['subscribed']);
  });

  it('makes a request-scoped controller for each event', async () => {
    let made = 0;
    @Controller({ scope: Scope.REQUEST })
    class RequestController {
      readonly number = ++made;
      readonly request: { readonly data: unknown };

      constructor(@Inject(CONTEXT) request: { readonly data: unknown }) {
        this.request = request;
      }

      @EventPattern('scoped')
      onScoped(@MeshKey() key: string): void {
        calls.add(`${this.number} ${key} ${String(this.request.data)}`);
      }
    }
    const client = (await application([RequestController])).get(MeshClient);
    client.emit('scoped', 'a');
    client.emit('scoped', 'b');
    expect(await callsUntilLast(client)).toEqual(['1 scoped a', '2 scoped b']);
  });
});

describe('MeshServer: handlers that fail', () => {
  @Injectable()
  class Passing implements NestInterceptor {
    intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
      return next.handle();
    }
  }
  @Catch()
  class ThrowingFilter implements ExceptionFilter {
    catch(error: Error): never {
      throw error;
    }
  }
  /** Nest itself says nothing of such exceptions where no response carries them. */
  @Injectable()
  class RefusingPipe implements PipeTransform {
    transform(): never {
      throw new BadRequestException('secret words');
    }
  }
  @Controller()
  class FailingController {
    @EventPattern('throws')
    onThrows(): never {
      throw new Error('secret words');
    }

    @EventPattern('rejects')
    async onRejects(): Promise<void> {
      throw new TypeError('secret words');
    }

    @EventPattern('streams')
    @UseInterceptors(Passing)
    onStreams(): never {
      throw new Error('secret words');
    }

    @EventPattern('pipes')
    @UsePipes(RefusingPipe)
    onPipes(@Payload() data: unknown): void {
      calls.add(String(data));
    }

    @EventPattern('filters')
    @UseFilters(ThrowingFilter)
    onFilters(): never {
      throw new Error('secret words');
    }
  }

  it.each(['throws', 'rejects', 'streams', 'pipes', 'filters'])(
    'counts one that %s, tells of it, and goes on',
    async (key) => {
      const logger = listeningLogger();
      const app = await opened.connected({
        imports: [MeshModule.forRoot({ ...alone(), logger })],
        controllers: [FailingController, LastController],
      });
      const client = app.get(MeshClient);
      client.emit(key, 'data');
      client.emit(key, 'data');
      await callsUntilLast(client);
      await logger.said.find((line) => line.startsWith('warn: a mesh handler'));
      expect(app.get(MeshBus).metrics().handlerFailures).toBe(2);
      const warnings = logger.said.items.filter((line) => line.startsWith('warn: a mesh handler'));
      expect(warnings).toEqual([expect.stringContaining(`of ${JSON.stringify(key)} failed: `)]);
      expect(warnings.join()).not.toMatch(/secret|data/);
    },
  );
});
