// What Nest asks of Redis, NATS and MQTT in `broadcast-*.spec.ts`: two servers, and all of them answer. How a request goes
// to several applications is in requests.spec.ts; wildcards are in requests.spec.ts and event-handlers.spec.ts.
import { Controller, Get, Inject } from '@nestjs/common';
import { ClientsModule, type ClientProxy, Ctx, type MicroserviceOptions, Payload } from '@nestjs/microservices';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MeshClient, MeshContext, MeshKey, MeshServer } from 'nestjs-mesh';
import { type Observable, scan, take } from 'rxjs';
import { Inbox } from '../../support/inbox.js';
import { Opened } from '../support/applications.js';
import { EventPattern } from '../support/event-pattern.js';
import { MessagePattern } from '../support/message-pattern.js';
import { loopback, unawaited } from '../support/mesh-options.js';

const opened = new Opened();
let calls: Inbox<string>;

beforeEach(() => {
  calls = new Inbox();
});
afterEach(() => opened.close());

@Controller()
class BroadcastController {
  constructor(@Inject('CLIENT') private readonly client: ClientProxy) {}

  @Get('count')
  count(): Observable<number> {
    const answers = this.client.send<number>('count:all', {});
    return answers.pipe(
      scan((sum, one) => sum + one, 0),
      take(2),
    );
  }

  @Get('notify')
  notify(): Observable<unknown> {
    return this.client.emit('note:all', { by: 'HTTP' });
  }

  @MessagePattern('count:*')
  one(@MeshKey() key: string, @Payload() _: unknown, @Ctx() context: MeshContext): number {
    calls.add(`asked ${key} as ${context.getPattern()}`);
    return 1;
  }

  @EventPattern('note:*')
  onNote(@MeshKey() key: string, @Payload() data: unknown, @Ctx() context: MeshContext): void {
    calls.add(`told ${key} as ${context.getPattern()}: ${JSON.stringify(data)}`);
  }
}

/** One application with two servers, each a node of its own, and a client with a third one. */
async function application(): Promise<string> {
  const options = loopback();
  const peers = [`127.0.0.1:${options.port}`];
  const client = { name: 'CLIENT', customClass: MeshClient, options: { ...options, peers } };
  const app = await opened.application({
    imports: [ClientsModule.register([client])],
    controllers: [BroadcastController],
  });
  const servers = [new MeshServer({ ...options, ...unawaited }), new MeshServer({ ...options, peers })];
  for (const strategy of servers) app.connectMicroservice<MicroserviceOptions>({ strategy });
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  await app.get<MeshClient>('CLIENT').connect();
  await app.get<MeshClient>('CLIENT').unwrap().waitForPeers(2);
  return app.getUrl();
}

describe('two servers of one application', () => {
  it('both answer a request, under the pattern that its key matches', async () => {
    const response = await fetch(`${await application()}/count`);
    expect([response.status, await response.text()]).toEqual([200, '2']);
    expect(calls.items).toEqual(['asked count:all as count:*', 'asked count:all as count:*']);
  });

  it('both hear an event, under the pattern that its key matches', async () => {
    expect((await fetch(`${await application()}/notify`)).status).toBe(200);
    const told = 'told note:all as note:*: {"by":"HTTP"}';
    expect(await calls.atLeast(2)).toEqual([told, told]);
  });
});
