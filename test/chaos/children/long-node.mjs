// A node that publishes and asks what is longer than a datagram, and answers as much.
import { createHash } from 'node:crypto';
import { MeshBus } from 'nestjs-mesh/bus';
import { answerCalls } from '../../support/answer-calls.mjs';

const BYTES = 60 * 1024;
const options = JSON.parse(process.argv[2]);
const bus = new MeshBus({ ...options, logger: false });
/** By key: how often it was heard, and whether all of it was there. */
const heard = new Map();
const covered = new Set();
const waiting = [];

const textOf = (key) =>
  createHash('sha256')
    .update(key)
    .digest('hex')
    .repeat(BYTES / 64);
const isWhole = (key, text) => text === textOf(key);

function review() {
  for (const one of [...waiting]) {
    if (!one.keys.every((key) => heard.has(key) || covered.has(key))) continue;
    waiting.splice(waiting.indexOf(one), 1);
    one.resolve();
  }
}

bus.subscribe('k:*', ({ key, data, metadata }) => {
  const { count = 0, whole = true } = heard.get(key) ?? {};
  heard.set(key, { count: count + 1, whole: whole && isWhole(key, data) && metadata.name === key });
  review();
});
bus.onResync(({ matches }) => {
  for (const { keys } of waiting) for (const key of keys) if (matches(key)) covered.add(key);
  review();
});
bus.respond('q:*', ({ key, data }, reply) => {
  reply.next(isWhole(key, data) ? textOf(`answer to ${key}`) : 'something is missing');
  reply.complete();
});

answerCalls({
  start: () => bus.start(),
  waitForPeers: (others) => bus.waitForPeers(others, { timeout: 15_000 }).then(() => undefined),

  async publish(keys) {
    await Promise.all(keys.map((key) => bus.publish(key, { data: textOf(key), metadata: { name: key } })));
  },

  /** Resolves when each of them was heard, or is covered by a resync. */
  knowsAll: (keys) =>
    new Promise((resolve) => {
      waiting.push({ keys, resolve });
      review();
    }),

  /** How many of so many questions each got an answer, and a whole one, from everyone. */
  async ask(count) {
    const answers = [];
    await Promise.all(
      Array.from(
        { length: count },
        (_, index) =>
          new Promise((complete, error) => {
            const key = `q:${index}`;
            const next = (value) => answers.push(isWhole(`answer to ${key}`, value));
            bus.request(key, { data: textOf(key), timeout: 20_000 }, { next, complete, error });
          }),
      ),
    );
    return { answers: answers.length, whole: answers.filter(Boolean).length };
  },

  report: () => ({
    heard: heard.size,
    once: [...heard.values()].filter(({ count }) => count === 1).length,
    whole: [...heard.values()].filter(({ whole }) => whole).length,
    metrics: bus.metrics(),
    sealing: bus.snapshot().sealing,
  }),
});
