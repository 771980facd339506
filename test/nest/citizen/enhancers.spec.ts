// What Nest asks in `global-config-applied.spec.ts`, of messages and of events. Guards, pipes, interceptors and filters of
// controllers and methods, their order, and request scope are in request-handlers.spec.ts and event-handlers.spec.ts.
import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Injectable,
  type INestMicroservice,
  type ModuleMetadata,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { type ClientProxy, Payload, RpcException } from '@nestjs/microservices';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EMPTY, lastValueFrom, type Observable, of } from 'rxjs';
import { Inbox } from '../../support/inbox.js';
import { Opened } from '../support/applications.js';
import { CLIENT, citizenApplication, citizens, type MakeCitizen } from '../support/citizens.js';
import { EventPattern } from '../support/event-pattern.js';
import { MessagePattern } from '../support/message-pattern.js';

const opened = new Opened();
let calls: Inbox<string>;

beforeEach(() => {
  calls = new Inbox();
});
afterEach(() => opened.close());

@Injectable()
class NotingGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    calls.add(`guard of ${context.getType()}`);
    return true;
  }
}

@Injectable()
class NotingInterceptor implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    calls.add('interceptor');
    return next.handle();
  }
}

@Injectable()
class NotingPipe implements PipeTransform {
  transform(value: unknown): unknown {
    calls.add('pipe');
    return value;
  }
}

@Catch(RpcException)
class NotingFilter implements ExceptionFilter {
  catch(error: RpcException, host: ArgumentsHost): Observable<unknown> {
    calls.add(`filter of ${String(host.switchToRpc().getData())}`);
    return error.message === 'of a message' ? of('filtered') : EMPTY;
  }
}

@Controller()
class NotedController {
  @MessagePattern('message')
  answer(@Payload() data: unknown): unknown {
    calls.add('handler');
    if (data === 'wrong') throw new RpcException('of a message');
    return data;
  }

  @EventPattern('event')
  onEvent(@Payload() data: unknown): void {
    calls.add('handler');
    if (data === 'wrong') throw new RpcException('of an event');
  }
}

interface Way {
  readonly metadata: ModuleMetadata;
  readonly before?: (microservice: INestMicroservice) => void;
}

const ways: Readonly<Record<string, Way>> = {
  'of the microservice': {
    metadata: {},
    before: (microservice) => {
      microservice.useGlobalGuards(new NotingGuard());
      microservice.useGlobalInterceptors(new NotingInterceptor());
      microservice.useGlobalPipes(new NotingPipe());
      microservice.useGlobalFilters(new NotingFilter());
    },
  },
  'that a module provides': {
    metadata: {
      providers: [
        { provide: APP_GUARD, useClass: NotingGuard },
        { provide: APP_INTERCEPTOR, useClass: NotingInterceptor },
        { provide: APP_PIPE, useClass: NotingPipe },
        { provide: APP_FILTER, useClass: NotingFilter },
      ],
    },
  },
};

const rows = citizens.flatMap(([over, make]) =>
  Object.entries(ways).map(([whose, way]) => [whose, over, make, way] as const),
);

describe.each(rows)('global enhancers %s, over %s', (_, __, make: MakeCitizen, { metadata, before }: Way) => {
  async function client(): Promise<ClientProxy> {
    const app = await citizenApplication(opened, make, { ...metadata, controllers: [NotedController] }, before);
    return app.get<ClientProxy>(CLIENT);
  }

  const around = ['guard of rpc', 'interceptor', 'pipe', 'handler'];

  it('run around a message, and around its failure', async () => {
    const proxy = await client();
    expect(await lastValueFrom(proxy.send('message', 'right'))).toBe('right');
    expect(calls.items).toEqual(around);
    expect(await lastValueFrom(proxy.send('message', 'wrong'))).toBe('filtered');
    expect(calls.items).toEqual([...around, ...around, 'filter of wrong']);
  });

  it('run around an event, and around its failure', async () => {
    const proxy = await client();
    await lastValueFrom(proxy.emit('event', 'right'), { defaultValue: undefined });
    expect(await calls.atLeast(around.length)).toEqual(around);
    await lastValueFrom(proxy.emit('event', 'wrong'), { defaultValue: undefined });
    expect(await calls.atLeast(2 * around.length + 1)).toEqual([...around, ...around, 'filter of wrong']);
  });
});
