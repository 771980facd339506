// A node that publishes keys and waits until others have dealt with them, or deals with those of others.
import { setTimeout as pause } from 'node:timers/promises';
import { MeshBus } from 'nestjs-mesh/bus';
import { answerCalls } from '../../support/answer-calls.mjs';

const options = JSON.parse(process.argv[2]);
const bus = new MeshBus({ ...options, logger: false });
/** How often handlers have run to their end. */
let runs = 0;

bus.subscribe('k:*', async () => {
  await pause(5);
  runs++;
});

answerCalls({
  start: () => bus.start(),
  waitForPeers: (others) => bus.waitForPeers(others, { timeout: 15_000 }).then(() => undefined),

  /** So many waits for all others at the same time: how they ended, and how many others were heard of each. */
  async awaitAll(count) {
    const waits = Array.from({ length: count }, (_, index) =>
      bus.publishAndAwait(`k:${index}`, 'all', { timeout: 20_000 }),
    );
    const ends = await Promise.allSettled(waits);
    return {
      acked: ends.map(({ value }) => value?.acked.length ?? 0),
      refused: ends.flatMap(({ reason }) => (reason === undefined ? [] : [String(reason)])),
    };
  },

  report: () => ({ runs, resyncs: bus.metrics().resyncs, sealing: bus.snapshot().sealing }),
});
