import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { describeChaos } from './support/describe-chaos.js';
import { FlowLab, type FlowOptions } from './support/flow-lab.js';

const TEST_MS = 90_000;
/** What the kernel gives to who asks for nothing: 212,992 bytes, of which it takes half for its own bookkeeping. */
const DEFAULT_BUFFER_BYTES = 212_992 / 2;
/** What it gives at most, on a machine that nobody tuned, to who asks for more. */
const UNTUNED_BUFFER_BYTES = 212_992;
const STOPPED_MS = 2000;

describeChaos('one publisher at full speed', () => {
  let flow: FlowLab;
  afterEach(() => flow.close());

  async function start(options: FlowOptions): Promise<void> {
    flow = new FlowLab(options);
    await flow.start();
  }

  function tell(title: string, count: number, tookMs: number): void {
    const rate = `${count} keys in ${tookMs.toFixed(0)} ms, ${(count / tookMs).toFixed(0)} keys/ms`;
    process.stdout.write(`  ${title}: ${rate}, dropped by full buffers ${flow.overruns.join(' ')}\n`);
  }

  describe('overruns nobody: every key arrives once, and nobody is told to flush', () => {
    const cases = [
      { multicast: true, receiveBufferBytes: DEFAULT_BUFFER_BYTES, count: 500_000 },
      { multicast: true, receiveBufferBytes: UNTUNED_BUFFER_BYTES, count: 500_000 },
      { multicast: false, receiveBufferBytes: DEFAULT_BUFFER_BYTES, count: 200_000 },
    ];
    it.each(cases)(
      'multicast: $multicast, buffers of $receiveBufferBytes bytes, $count keys',
      async ({ multicast, receiveBufferBytes, count }) => {
        await start({ receivers: 3, count, receiveBufferBytes, multicast });
        const tookMs = await flow.publish();
        await flow.knowAll(flow.receivers);
        tell(`flow, multicast ${multicast}, ${receiveBufferBytes} bytes`, count, tookMs);
        for (const receiver of flow.receivers) {
          const report = await flow.report(receiver);
          expect(report).toMatchObject({ once: count, again: 0, resyncs: [], receiveBufferBytes });
        }
      },
      TEST_MS,
    );
  });

  it(
    'is not held up by one that stands still for 2 s, which then catches up',
    async () => {
      const count = 300_000;
      await start({ receivers: 3, count, receiveBufferBytes: DEFAULT_BUFFER_BYTES, multicast: true });
      const [stopped, ...others] = flow.receivers;
      await flow.publish(0, count / 3);
      stopped!.pause();
      const stop = pause(STOPPED_MS);
      const tookMs = await flow.publish(count / 3, count);
      await flow.knowAll(others);
      // All of it has reached the others while this one has read nothing.
      tell('flow, one of three stopped', count - count / 3, tookMs);
      await stop;
      stopped!.resume();
      await flow.knowAll([stopped!]);
      for (const other of others) {
        expect(await flow.report(other)).toMatchObject({ once: count, again: 0, resyncs: [] });
      }
      const late = await flow.report(stopped!);
      process.stdout.write(`  flow, the stopped one: heard ${late.once}, resyncs ${JSON.stringify(late.resyncs)}\n`);
      expect(late.again).toBe(0);
      expect(late.once === count || late.resyncs.length > 0).toBe(true);
    },
    TEST_MS,
  );
});
