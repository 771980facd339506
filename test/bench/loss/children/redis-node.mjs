import { Logger } from '@nestjs/common';
import { ClientRedis, ServerRedis } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import { compete, hear } from './contestant.mjs';

const EVENT = 'invalidate';

Logger.overrideLogger(false);

compete(({ broker }) => {
  // With more patience than by default, so that no loss of a connection is for good.
  const options = { host: broker, port: 6379, retryAttempts: 1000, retryDelay: 200 };
  const server = new ServerRedis(options);
  const client = new ClientRedis(options);
  server.addHandler(EVENT, async (key) => hear(key), true);
  return {
    start: () => new Promise((resolve, reject) => server.listen((error) => (error ? reject(error) : resolve()))),
    meet: () => client.connect().then(() => undefined),
    publish: (keys) =>
      Promise.all(keys.map((key) => lastValueFrom(client.emit(EVENT, key), { defaultValue: undefined }))),
    counters: () => ({ nacks: 0, repairs: 0, resyncs: 0 }),
  };
});
