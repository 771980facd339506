import {
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Injectable,
  type INestApplication,
  type NestInterceptor,
  Scope,
  type Type,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  MeshBatch,
  MeshBus,
  MeshClient,
  type MeshEvent,
  MeshKey,
  MeshModule,
  type MeshOptions,
  type MeshResync,
  MeshServer,
  OnMeshResync,
} from 'nestjs-mesh';
import { defer, EMPTY, from, type Observable } from 'rxjs';
import { Inbox } from '../support/inbox.js';
import { Opened } from './support/applications.js';
import { EventPattern } from './support/event-pattern.js';
import { alone } from './support/mesh-options.js';

/** Runs of handlers that end when they are told to. */
class Runs {
  readonly begun = new Inbox<string>();
  readonly #open: (() => void)[] = [];
  underWay = 0;
  most = 0;

  run(name: string): Promise<void> {
    this.most = Math.max(this.most, ++this.underWay);
    this.begun.add(name);
    return new Promise((resolve) => {
      this.#open.push(() => {
        this.underWay--;
        resolve();
      });
    });
  }

  /** Ends the oldest ones, and waits until what that begins has begun. */
  async end(count = 1): Promise<void> {
    for (const resolve of this.#open.splice(0, count)) resolve();
    await turns();
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
}

const opened = new Opened();
let runs: Runs;
let resyncs: Inbox<MeshResync>;

beforeEach(() => {
  runs = new Runs();
  resyncs = new Inbox();
});
afterEach(() => opened.close());

@Controller()
class ResyncController {
  @OnMeshResync()
  onResync(resync: MeshResync): void {
    resyncs.add(resync);
  }
}

function application(controllers: Type[], limits: MeshOptions['limits']): Promise<INestApplication> {
  const imports = [MeshModule.forRoot({ ...alone(), limits })];
  return opened.connected({ imports, controllers: [...controllers, ResyncController] });
}

@Injectable()
class Passing implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle();
  }
}

@Controller()
class PromiseController {
  @EventPattern('k:*')
  on(@MeshKey() key: string): Promise<void> {
    return runs.run(key);
  }
}
@Controller()
class ObservableController {
  @EventPattern('k:*')
  on(@MeshKey() key: string): Observable<unknown> {
    return defer(() => from(runs.run(key)));
  }
}
@Controller()
class InterceptedController {
  @EventPattern('k:*')
  @UseInterceptors(Passing)
  on(@MeshKey() key: string): Promise<void> {
    return runs.run(key);
  }
}
@Controller({ scope: Scope.REQUEST })
class RequestController {
  @EventPattern('k:*')
  on(@MeshKey() key: string): Promise<void> {
    return runs.run(key);
  }
}
@Controller()
class Quick {
  @EventPattern('k:*')
  on(): void {
    // Has ended as soon as it is called.
  }
}
@Controller()
class QuickEmpty {
  @EventPattern('k:*')
  on(): Observable<never> {
    return EMPTY;
  }
}
@Controller()
class QuickFailing {
  @EventPattern('k:*')
  on(): never {
    throw new Error('failure');
  }
}
@Controller({ scope: Scope.REQUEST })
class QuickRequest {
  @EventPattern('k:*')
  on(): void {
    // Has ended as soon as it is called.
  }
}

describe('limits.handlers', () => {
  const keys = ['k:1', 'k:2', 'k:3', 'k:4', 'k:5', 'k:6'];
  const controllers: [what: string, controllers: Type[]][] = [
    ['promises', [PromiseController]],
    ['Observables', [ObservableController]],
    ['promises behind an interceptor', [InterceptedController]],
    ['controllers of a request', [RequestController]],
    ['the first of a chain', [PromiseController, Quick, Quick]],
    ['the second of a chain', [Quick, PromiseController, Quick]],
    ['the last of a chain, an Observable', [Quick, QuickRequest, ObservableController]],
    ['a controller of a request in a chain', [QuickRequest, RequestController, Quick]],
    ['one behind which an Observable completes empty', [PromiseController, QuickEmpty]],
    ['one before which an Observable completes empty', [QuickEmpty, PromiseController]],
    ['one behind which another fails', [PromiseController, QuickFailing]],
    ['one before which another fails', [QuickFailing, PromiseController]],
  ];

  it.each(controllers)('is reached and never exceeded by %s', async (_, handlers) => {
    const app = await application(handlers, { handlers: 2 });
    app.get(MeshClient).emitMany(keys);
    await runs.begun.atLeast(2);
    await turns();
    expect(runs.begun.items).toEqual(['k:1', 'k:2']);
    await runs.end();
    expect(runs.begun.items).toEqual(['k:1', 'k:2', 'k:3']);
    while (runs.underWay > 0) await runs.end();
    expect(runs.begun.items).toEqual(keys);
    expect(runs.most).toBe(2);
    expect(app.get(MeshBus).metrics()).toMatchObject({ handlerDropped: 0, resyncs: 0 });
  });

  it('holds across patterns and batches, by whichever is called first', async () => {
    @Controller()
    class Several {
      @EventPattern('a')
      onA(): Promise<void> {
        return runs.run('a');
      }

      @EventPattern('b')
      onB(): Promise<void> {
        return runs.run('b');
      }

      @MeshBatch('*')
      onAll(events: readonly MeshEvent[]): Promise<void> {
        return runs.run(`batch of ${events.length}`);
      }
    }
    const app = await application([Several], { handlers: 1 });
    app.get(MeshClient).emitMany(['a', 'b']);
    await runs.begun.atLeast(1);
    for (let ended = 0; ended < 3; ended++) await runs.end();
    expect(runs.begun.items).toEqual(['a', 'b', 'batch of 2']);
    expect(runs.most).toBe(1);
  });

  it('is free again behind handlers that are given up, as one before them failed', async () => {
    @Injectable()
    class Slow implements CanActivate {
      canActivate(): Promise<boolean> {
        return new Promise((resolve) => setImmediate(() => resolve(true)));
      }
    }
    @Controller()
    class SlowIntercepted {
      @EventPattern('k:*')
      @UseGuards(Slow)
      @UseInterceptors(Passing)
      on(): void {
        runs.begun.add('never');
      }
    }
    @Controller()
    class Free {
      @EventPattern('free')
      on(): void {
        runs.begun.add('free');
      }
    }
    const app = await application([SlowIntercepted, QuickFailing, SlowIntercepted, Free], { handlers: 1 });
    app.get(MeshClient).emitMany(['k:1', 'k:2', 'free']);
    await runs.begun.atLeast(1);
    expect(runs.begun.items).toEqual(['free']);
    expect(app.get(MeshBus).metrics().handlerFailures).toBe(2);
  });

  it('holds, and failures are counted, where a hook of processing drops the promise that it is given', async () => {
    @Catch()
    class Throwing implements ExceptionFilter {
      catch(error: Error): never {
        throw error;
      }
    }
    @Controller()
    @UseFilters(Throwing)
    class Failing {
      @EventPattern('k:*')
      async on(@MeshKey() key: string): Promise<void> {
        await runs.run(key);
        throw new Error('failure');
      }
    }
    const app = await application([Failing], { handlers: 1 });
    app.get(MeshServer).setOnProcessingStartHook((_, __, done) => void done());
    app.get(MeshClient).emitMany(['k:1', 'k:2']);
    await runs.begun.atLeast(1);
    expect(runs.begun.items).toEqual(['k:1']);
    await runs.end();
    await runs.end();
    expect(runs.begun.items).toEqual(['k:1', 'k:2']);
    expect(app.get(MeshBus).metrics().handlerFailures).toBe(2);
  });

  it('is no bound on how many synchronous ones run', async () => {
    let called = 0;
    @Controller()
    class Counting {
      @EventPattern('k:*')
      on(): void {
        called++;
      }
    }
    const app = await application([Counting], { handlers: 1 });
    app.get(MeshClient).emitMany(Array.from({ length: 5000 }, (_, index) => `k:${index}`));
    await turns();
    expect(called).toBe(5000);
  });

  it('lets go of what waits when the server is closed', async () => {
    const app = await application([PromiseController], { handlers: 1 });
    app.get(MeshClient).emitMany(keys);
    await runs.begun.atLeast(1);
    await app.get(MeshServer).close();
    await runs.end();
    expect(runs.begun.items).toEqual(['k:1']);
  });
});

describe('limits.handlerEvents', () => {
  it('makes of what does not fit one resync overload that covers exactly its buckets', async () => {
    const app = await application([PromiseController], { handlers: 2, handlerEvents: 3 });
    const keys = Array.from({ length: 40 }, (_, index) => `k:${index}`);
    app.get(MeshClient).emitMany(keys);
    const [resync] = await resyncs.atLeast(1);
    expect(resync).toMatchObject({ reason: 'overload', origin: undefined, all: false });
    expect(keys.filter((key) => resync?.matches(key) === false)).toEqual(keys.slice(0, 5));
    const others = Array.from({ length: 4096 }, (_, index) => `other:${index}`);
    // 35 of 4096 buckets.
    expect(others.filter((key) => resync?.matches(key) === true).length).toBeLessThan(70);
    for (let ended = 0; ended < 5; ended++) await runs.end();
    expect(runs.begun.items).toEqual(keys.slice(0, 5));
    expect(resyncs.items).toHaveLength(1);
    expect(app.get(MeshBus).metrics()).toMatchObject({
      handlerDropped: 35,
      resyncs: 1,
      resyncReasons: { overload: 1 },
    });
  });
});
