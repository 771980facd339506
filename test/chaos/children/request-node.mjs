// A node that asks all others, and answers what it is asked.
import { setTimeout as pause } from 'node:timers/promises';
import { MeshBus } from 'nestjs-mesh/bus';
import { answerCalls } from '../../support/answer-calls.mjs';

const { timeout, dieAfter, ...options } = JSON.parse(process.argv[2]);
const bus = new MeshBus({ ...options, logger: false });
/** How often each question was answered here. */
const runs = new Map();
let ended = 0;
/** Larger than a datagram, so that an answer has parts that can be lost by themselves. */
const PADDING = 'x'.repeat(1500);

bus.respond('q:*', async ({ key, data, origin }, reply) => {
  const name = `${origin} ${key}`;
  runs.set(name, (runs.get(name) ?? 0) + 1);
  reply.next({ key, data, origin, part: 1, padding: PADDING });
  await pause(5);
  reply.next({ key, data, origin, part: 2, padding: PADDING });
  reply.complete();
  // In the middle of it all, and without a word.
  if (++ended === dieAfter) process.kill(process.pid, 'SIGKILL');
});

/** What became of one question: which parts came from whom, what was not an answer to it, and how it ended. */
function askOnce(key, data) {
  const answers = {};
  let strange = 0;
  return new Promise((resolve) => {
    bus.request(
      key,
      { data, timeout },
      {
        next: (value, from) => {
          const isOwn = value.key === key && value.data === data && value.origin === bus.id;
          if (!isOwn || value.padding !== PADDING) strange++;
          (answers[from] ??= []).push(value.part);
        },
        error: (reason) => resolve({ key, answers, strange, failure: reason?.code ?? String(reason) }),
        complete: () => resolve({ key, answers, strange }),
      },
    );
  });
}

answerCalls({
  start: () => bus.start().then(() => bus.id),
  waitForPeers: (others) => bus.waitForPeers(others, { timeout: 15_000 }).then(() => undefined),
  ask: (count) => Promise.all(Array.from({ length: count }, (_, index) => askOnce(`q:${index}`, `of ${index}`))),
  report: () => ({ runs: [...runs.values()], asked: runs.size, metrics: bus.metrics() }),
});
