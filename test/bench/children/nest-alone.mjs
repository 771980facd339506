// What Nest takes for an event by itself: a strategy that hands events to `Server.handleEvent`, as many in a turn as a
// datagram holds. No network, no transport.
import { Controller, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, Server } from '@nestjs/microservices';
import { setImmediate as turn } from 'node:timers/promises';
import { answerCalls } from '../../support/answer-calls.mjs';
import { decorate } from './decorate.mjs';
import { makeKeys } from './keys.mjs';

const PATTERN = 'product:*';
const EVENTS_A_TURN = 50;
const KEYS = makeKeys();

Logger.overrideLogger(false);

class Loop extends Server {
  listen(callback) {
    callback();
  }
  close() {}
  on() {}
  unwrap() {}
  getHandlerByPattern(pattern) {
    return this.messageHandlers.get(pattern) ?? null;
  }
}

let heard = 0;
class Events {
  onEvent() {
    heard++;
  }
}
decorate(Events, [EventPattern(PATTERN)], 'onEvent');
decorate(Events, [Controller()]);
class AppModule {}
decorate(AppModule, [Module({ controllers: [Events] })]);

const strategy = new Loop();
const app = await NestFactory.createMicroservice(AppModule, { strategy, logger: false });
await app.listen();

answerCalls({
  async time(count) {
    heard = 0;
    const begun = performance.now();
    for (let done = 0; done < count; done += EVENTS_A_TURN) {
      const packets = Array.from({ length: EVENTS_A_TURN }, (_, index) => ({
        pattern: PATTERN,
        data: KEYS[(done + index) % KEYS.length],
      }));
      await Promise.all(packets.map((packet) => strategy.handleEvent(PATTERN, packet, { getPattern: () => PATTERN })));
      await turn();
    }
    const rate = (heard * 1000) / (performance.now() - begun);
    if (heard < count) throw new Error(`${heard} of ${count} events were handled`);
    return { rate };
  },
});
