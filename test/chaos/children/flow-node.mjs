// A node that publishes numbered keys as fast as it may, or counts which of them it has heard.
import { answerCalls } from '../../support/answer-calls.mjs';
import { makeBus } from './make-bus.mjs';

const { count, receiveBufferBytes, ...options } = JSON.parse(process.argv[2]);
const bus = makeBus({ ...options, logger: false }, receiveBufferBytes);
/** How often each number was heard. */
const heard = new Uint8Array(count);
/** Numbers that were heard, or that a resync covers. */
const known = new Uint8Array(count);
let knownCount = 0;
const resyncs = [];
const waiting = [];

const keyOf = (number) => `product:${String(number).padStart(12, '0')}`;

function know(number) {
  knownCount += 1 - known[number];
  known[number] = 1;
  if (knownCount === count) for (const resolve of waiting.splice(0)) resolve();
}

bus.subscribe('product:*', ({ key }) => {
  const number = Number(key.slice('product:'.length));
  heard[number]++;
  know(number);
});
bus.onResync((resync) => {
  resyncs.push({ reason: resync.reason, all: resync.all });
  for (let number = 0; number < count; number++) if (resync.matches(keyOf(number))) know(number);
});

const timesHeard = (fits) => heard.reduce((sum, times) => sum + (fits(times) ? 1 : 0), 0);

answerCalls({
  start: () => bus.start(),
  waitForPeers: (others) => bus.waitForPeers(others, { timeout: 15_000 }).then(() => undefined),
  forgetResyncs: () => void resyncs.splice(0),

  /** Each chunk is with the kernel before the next one is begun. Tells how long it took. */
  async publish(from, to, chunk) {
    const began = performance.now();
    for (let first = from; first < to; first += chunk) {
      const length = Math.min(chunk, to - first);
      await bus.publish(Array.from({ length }, (_, index) => keyOf(first + index)));
    }
    return performance.now() - began;
  },

  /** Resolves when it knows of every key. */
  knowsAll: () => (knownCount === count ? undefined : new Promise((resolve) => waiting.push(resolve))),

  report: () => ({
    ...{ once: timesHeard((times) => times === 1), again: timesHeard((times) => times > 1), resyncs },
    ...{ metrics: bus.metrics(), receiveBufferBytes: bus.snapshot().receiveBufferBytes },
  }),
});
