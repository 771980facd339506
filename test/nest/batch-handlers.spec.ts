import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Inject,
  Injectable,
  type INestApplication,
  type NestInterceptor,
  type PipeTransform,
  Scope,
  type Type,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { CONTEXT, Ctx, EventPattern as NestEventPattern, Payload } from '@nestjs/microservices';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  MESH_TRANSPORT,
  MeshBatch,
  MeshBatchContext,
  MeshBus,
  MeshClient,
  type MeshEvent,
  MeshKey,
  MeshModule,
  type MeshOptions,
  MeshServer,
} from 'nestjs-mesh';
import { EMPTY, type Observable, tap } from 'rxjs';
import { Inbox } from '../support/inbox.js';
import { Opened } from './support/applications.js';
import { EventPattern } from './support/event-pattern.js';
import { alone, listeningLogger } from './support/mesh-options.js';

const opened = new Opened();
let calls: Inbox<string>;

beforeEach(() => {
  calls = new Inbox();
});
afterEach(() => opened.close());

@Controller()
class LastController {
  @EventPattern('last')
  onLast(): void {
    calls.add('last');
  }
}

function application(controllers: Type[], options: MeshOptions = {}, before?: (app: INestApplication) => void) {
  const imports = [MeshModule.forRoot({ ...alone(), ...options })];
  return opened.connected({ imports, controllers: [...controllers, LastController] }, before);
}

/** What was called when a last event has come behind all that was emitted before, and what that began has ended. */
async function callsUntilLast(app: INestApplication): Promise<readonly string[]> {
  app.get(MeshClient).emit('last');
  await calls.find((call) => call === 'last');
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  return calls.items.filter((call) => call !== 'last');
}

function named(events: readonly MeshEvent[]): string {
  return events.map(({ key, data }) => (data === undefined ? key : `${key}=${JSON.stringify(data)}`)).join();
}

describe('MeshBatch', () => {
  @Controller()
  class BatchController {
    @MeshBatch('user:*')
    onUsers(@Payload() events: readonly MeshEvent[], @Ctx() context: MeshBatchContext): void {
      const isOwn = context instanceof MeshBatchContext && context.getEvents() === events;
      calls.add(`${named(events)} of ${context.getPattern()}, ${context.getSize()}, ${isOwn}`);
    }

    @MeshBatch({ cmd: 'a*' })
    onObject(events: readonly MeshEvent[]): void {
      calls.add(`object ${named(events)}`);
    }

    @MeshBatch(42)
    onNumber(events: readonly MeshEvent[]): void {
      calls.add(`number ${named(events)}`);
    }

    @MeshBatch(['x:*', 'x:y'])
    onEither(@Payload() events: readonly MeshEvent[], @Ctx() context: MeshBatchContext): void {
      calls.add(`${context.getPattern()} ${named(events)}`);
    }

    @MeshBatch('user:*', 'eu')
    onOtherMesh(): void {
      calls.add('eu');
    }
  }

  it('gives all events of a turn at once, in order, and those of the next turn behind', async () => {
    const app = await application([BatchController]);
    const client = app.get(MeshClient);
    client.emit('user:1');
    client.emit('user:2', { name: 'Ann' });
    client.emitMany(['user:3', 'other']);
    await calls.atLeast(1);
    client.emit('user:4');
    expect(await callsUntilLast(app)).toEqual([
      'user:1,user:2={"name":"Ann"},user:3 of user:*, 3, true',
      'user:4 of user:*, 1, true',
    ]);
  });

  it('gives what came in one datagram at once', async () => {
    const options = { ...alone(), selfDelivery: false };
    const sender = opened.add(new MeshBus({ ...options, interface: 'lo' }));
    await sender.start();
    const app = await application([BatchController], { ...options, peers: [sender.address!] });
    await app.get(MeshBus).waitForPeers(1);
    await sender.waitForPeers(1);
    await sender.publish(['user:1', 'user:2', 'user:3']);
    await calls.atLeast(1);
    expect(calls.items).toEqual(['user:1,user:2,user:3 of user:*, 3, true']);
  });

  it('takes objects and numbers for exact patterns, and a list for several handlers', async () => {
    const app = await application([BatchController]);
    for (const key of [{ cmd: 'a*' }, { cmd: 'ab' }, 42]) app.get(MeshClient).emit(key, 1);
    app.get(MeshClient).emitMany(['x:y', 'x:z']);
    const all = await callsUntilLast(app);
    expect([...all].sort()).toEqual(['number 42=1', 'object {"cmd":"a*"}=1', 'x:* x:y,x:z', 'x:y x:y']);
  });

  it('is short for what Nest offers', async () => {
    @Controller()
    class WrittenOut {
      @NestEventPattern('user:*', MESH_TRANSPORT, { batch: true })
      on(events: readonly MeshEvent[]): void {
        calls.add(named(events));
      }
    }
    const app = await application([WrittenOut]);
    app.get(MeshClient).emitMany(['user:1', 'user:2']);
    expect(await callsUntilLast(app)).toEqual(['user:1,user:2']);
  });

  it('runs beside the handlers of single events of its pattern, and of other batches', async () => {
    @Controller()
    class Single {
      @EventPattern('user:*')
      on(@MeshKey() key: string): void {
        calls.add(`single ${key}`);
      }
    }
    @Controller()
    class First {
      @MeshBatch('user:*')
      on(events: readonly MeshEvent[]): void {
        calls.add(`first ${named(events)}`);
      }
    }
    @Controller()
    class Second {
      @MeshBatch('user:*')
      on(events: readonly MeshEvent[]): void {
        calls.add(`second ${named(events)}`);
      }

      @EventPattern('user:*')
      onSingle(@MeshKey() key: string): void {
        calls.add(`another ${key}`);
      }
    }
    const app = await application([First, Single, Second]);
    app.get(MeshClient).emitMany(['user:1', 'user:2']);
    const all = await callsUntilLast(app);
    expect(all.filter((call) => call.includes(','))).toEqual(['first user:1,user:2', 'second user:1,user:2']);
    expect([...all].sort()).toEqual([
      'another user:1',
      'another user:2',
      'first user:1,user:2',
      'second user:1,user:2',
      'single user:1',
      'single user:2',
    ]);
  });

  it('makes a request-scoped controller for each batch', async () => {
    let made = 0;
    @Controller({ scope: Scope.REQUEST })
    class RequestController {
      readonly number = ++made;
      readonly request: { readonly data: readonly MeshEvent[] };

      constructor(@Inject(CONTEXT) request: { readonly data: readonly MeshEvent[] }) {
        this.request = request;
      }

      @MeshBatch('user:*')
      on(events: readonly MeshEvent[]): void {
        calls.add(`${this.number} ${named(events)} ${String(this.request.data === events)}`);
      }
    }
    const app = await application([RequestController]);
    app.get(MeshClient).emitMany(['user:1', 'user:2']);
    await calls.atLeast(1);
    app.get(MeshClient).emit('user:3');
    expect(await callsUntilLast(app)).toEqual(['1 user:1,user:2 true', '2 user:3 true']);
  });

  it('hears nothing more once the server is closed', async () => {
    const app = await application([BatchController]);
    await app.get(MeshServer).close();
    await app.get(MeshBus).publish(['user:1']);
    await new Promise(setImmediate);
    expect(calls.items).toEqual([]);
  });
});

describe('MeshBatch: what Nest puts around it', () => {
  @Injectable()
  class SpecGuard implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
      const rpc = context.switchToRpc();
      calls.add(`guard ${rpc.getContext<MeshBatchContext>().getSize()} ${named(rpc.getData())}`);
      return rpc.getData<readonly MeshEvent[]>().every(({ key }) => key !== 'user:forbidden');
    }
  }
  @Injectable()
  class SpecPipe implements PipeTransform {
    transform(events: readonly MeshEvent[]): unknown {
      calls.add(`pipe ${named(events)}`);
      return events.slice(1);
    }
  }
  @Injectable()
  class SpecInterceptor implements NestInterceptor {
    intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
      calls.add('before');
      return next.handle().pipe(tap(() => calls.add('after')));
    }
  }
  @Catch()
  class SpecFilter implements ExceptionFilter {
    catch(error: Error, host: ArgumentsHost): Observable<never> {
      calls.add(`filter ${error.message} ${host.switchToRpc().getContext<MeshBatchContext>().getSize()}`);
      return EMPTY;
    }
  }
  @Controller()
  @UseGuards(SpecGuard)
  @UseInterceptors(SpecInterceptor)
  @UseFilters(SpecFilter)
  class EnhancedController {
    @MeshBatch('user:*')
    @UsePipes(SpecPipe)
    onUsers(@Payload() events: readonly MeshEvent[]): string {
      calls.add(`handler ${named(events)}`);
      return 'result';
    }

    @MeshBatch('fails:*')
    onFailure(): never {
      throw new Error('failure');
    }
  }

  it('runs guards, interceptors and pipes once for each batch', async () => {
    const app = await application([EnhancedController]);
    app.get(MeshClient).emitMany(['user:1', 'user:2', 'user:3']);
    expect(await callsUntilLast(app)).toEqual([
      'guard 3 user:1,user:2,user:3',
      'before',
      'pipe user:1,user:2,user:3',
      'handler user:2,user:3',
      'after',
    ]);
  });

  it('does not call a handler that a guard forbids', async () => {
    const app = await application([EnhancedController]);
    app.get(MeshClient).emitMany(['user:1', 'user:forbidden']);
    expect(await callsUntilLast(app)).toEqual([
      'guard 2 user:1,user:forbidden',
      expect.stringMatching(/^filter Forbidden.* 2$/),
    ]);
  });

  it('asks a filter once for each batch', async () => {
    const app = await application([EnhancedController]);
    app.get(MeshClient).emitMany(['fails:1', 'fails:2']);
    const all = await callsUntilLast(app);
    expect(all.filter((call) => call.startsWith('filter'))).toEqual(['filter failure 2']);
    expect(app.get(MeshBus).metrics().handlerFailures).toBe(0);
  });

  it('runs the hooks of processing once for each batch', async () => {
    const app = await application([EnhancedController]);
    const server = app.get(MeshServer);
    server.setOnProcessingStartHook((_, context, done) => {
      calls.add(`start ${context instanceof MeshBatchContext ? context.getSize() : 1}`);
      void done();
    });
    server.setOnProcessingEndHook(() => calls.add('end'));
    app.get(MeshClient).emitMany(['user:1', 'user:2']);
    await calls.find((call) => call === 'end');
    expect(calls.items[0]).toBe('start 2');
    expect(calls.items.filter((call) => call === 'start 2' || call === 'end')).toHaveLength(2);
  });

  it.each(['throws', 'rejects', 'keys'])('counts a handler that %s once, and calls the others', async (key) => {
    @Controller()
    class Failing {
      @MeshBatch('throws:*')
      onThrows(): never {
        throw new Error('secret words');
      }

      @MeshBatch('rejects:*')
      async onRejects(): Promise<void> {
        throw new TypeError('secret words');
      }

      @MeshBatch('keys:*')
      onKeys(@MeshKey() wrong: string): void {
        calls.add(wrong);
      }
    }
    @Controller()
    class Sibling {
      @MeshBatch(['throws:*', 'rejects:*', 'keys:*'])
      on(events: readonly MeshEvent[]): void {
        calls.add(named(events));
      }
    }
    const logger = listeningLogger();
    const app = await application([Failing, Sibling], { logger });
    app.get(MeshClient).emitMany([`${key}:1`, `${key}:2`]);
    expect(await callsUntilLast(app)).toEqual([`${key}:1,${key}:2`]);
    expect(app.get(MeshBus).metrics().handlerFailures).toBe(1);
    const warnings = logger.said.items.filter((line) => line.startsWith('warn: a mesh handler'));
    expect(warnings).toEqual([expect.stringContaining(`of "${key}:*" failed: `)]);
    expect(warnings.join()).not.toContain('secret');
  });
});
