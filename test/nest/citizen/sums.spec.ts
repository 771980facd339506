// What Nest asks of its own transports in `sum-*.spec.ts`: an HTTP application that answers by asking itself over the
// transport. How failures arrive is in request-handlers.spec.ts, records are in records.spec.ts and requests.spec.ts.
import { Body, Controller, Inject, Param, Post } from '@nestjs/common';
import { type ClientProxy, Payload } from '@nestjs/microservices';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { forkJoin, from, lastValueFrom, map, type Observable, of, toArray } from 'rxjs';
import { Inbox } from '../../support/inbox.js';
import { Opened } from '../support/applications.js';
import { CLIENT, citizenApplication, citizens, type MakeCitizen } from '../support/citizens.js';
import { EventPattern } from '../support/event-pattern.js';
import { MessagePattern } from '../support/message-pattern.js';

const TEN = 10;

const opened = new Opened();
let calls: Inbox<string>;

beforeEach(() => {
  calls = new Inbox();
});
afterEach(() => opened.close());

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

@Controller()
class SumController {
  constructor(@Inject(CLIENT) private readonly client: ClientProxy) {}

  @Post('ask/:command')
  ask(@Param('command') cmd: string, @Body() data: unknown): Observable<unknown> {
    return this.client.send({ cmd }, data);
  }

  @Post('concurrent')
  concurrent(@Body() all: readonly (readonly number[])[]): Observable<boolean> {
    const asked = all.map((numbers) => this.client.send<number>({ cmd: 'later' }, numbers));
    return forkJoin(asked).pipe(map((sums) => sums.every((sum, index) => sum === sumOf(all[index] ?? []))));
  }

  @Post('streamed')
  streamed(@Body() numbers: readonly number[]): Promise<readonly unknown[]> {
    return lastValueFrom(this.client.send({ cmd: 'stream' }, numbers).pipe(toArray()));
  }

  @Post('nested')
  nested(@Body() numbers: readonly number[]): Observable<unknown> {
    return this.client.send({ of: { kind: 'sum', version: 2 }, cmd: 'nested' }, numbers);
  }

  @Post('notify')
  notify(@Body() data: unknown): Observable<unknown> {
    return this.client.emit('notification', data);
  }

  @MessagePattern({ cmd: 'value' })
  value(@Payload() numbers: readonly number[]): number {
    return sumOf(numbers);
  }

  @MessagePattern({ cmd: 'promise' })
  async promise(@Payload() numbers: readonly number[]): Promise<number> {
    return sumOf(numbers);
  }

  @MessagePattern({ cmd: 'observable' })
  observable(@Payload() numbers: readonly number[]): Observable<number> {
    return of(sumOf(numbers));
  }

  /** The first to be asked is the last to answer. */
  @MessagePattern({ cmd: 'later' })
  async later(@Payload() numbers: readonly number[]): Promise<number> {
    const call = calls.items.length;
    calls.add('asked');
    await calls.until((all) => all.length >= 2 * TEN - 1 - call);
    setImmediate(() => calls.add('answered'));
    return sumOf(numbers);
  }

  @MessagePattern({ cmd: 'stream' })
  stream(@Payload() numbers: readonly number[]): Observable<number> {
    return from(numbers);
  }

  @MessagePattern({ cmd: 'nested', of: { version: 2, kind: 'sum' } })
  nestedSum(@Payload() numbers: readonly number[]): number {
    return sumOf(numbers);
  }

  @EventPattern('notification')
  onNotification(@Payload() data: unknown): void {
    calls.add(`first ${JSON.stringify(data)}`);
  }

  @EventPattern('notification')
  onNotificationToo(@Payload() data: unknown): void {
    calls.add(`second ${JSON.stringify(data)}`);
  }
}

describe.each(citizens)('over %s', (_, make: MakeCitizen) => {
  async function application(): Promise<(path: string, body: unknown) => Promise<readonly [number, string]>> {
    const url = await (await citizenApplication(opened, make, { controllers: [SumController] })).getUrl();
    return async (path, body) => {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${url}/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
      return [response.status, await response.text()];
    };
  }

  it.each(['value', 'promise', 'observable'])('a sum is answered by %s', async (command) => {
    const post = await application();
    expect(await post(`ask/${command}`, [1, 2, 3, 4, 5])).toEqual([201, '15']);
  });

  it('ten sends at once are answered, each with its own sum, the last one first', async () => {
    const post = await application();
    const numbers = Array.from({ length: TEN }, (_, ten) =>
      Array.from({ length: TEN }, (__, one) => ten * TEN + one + 1),
    );
    expect(await post('concurrent', numbers)).toEqual([201, 'true']);
    expect(calls.items.slice(0, TEN)).toEqual(Array.from({ length: TEN }, () => 'asked'));
  });

  it('a stream arrives value by value, in order', async () => {
    const post = await application();
    const numbers = Array.from({ length: 20 }, (_, index) => index);
    expect(await post('streamed', numbers)).toEqual([201, JSON.stringify(numbers)]);
  });

  it('the properties of an object pattern have no order', async () => {
    const post = await application();
    expect(await post('nested', [1, 2, 3])).toEqual([201, '6']);
  });

  it('a pattern that nobody handles makes HTTP answer 500', async () => {
    const post = await application();
    expect((await post('ask/nothing', [1]))[0]).toBe(500);
  });

  it('one event reaches both of its handlers', async () => {
    const post = await application();
    expect((await post('notify', [1, 2]))[0]).toBe(201);
    expect([...(await calls.atLeast(2))].sort()).toEqual(['first [1,2]', 'second [1,2]']);
  });
});
