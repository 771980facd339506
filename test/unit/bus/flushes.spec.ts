import { describe, expect, it } from '@jest/globals';
import { Flushes } from '../../../lib/bus/flushes.js';

/** What has become of the promise by the end of this turn. */
async function stateOf(promise: Promise<void>): Promise<string> {
  let state = 'waiting';
  promise.then(
    () => (state = 'resolved'),
    () => (state = 'rejected'),
  );
  await new Promise((resolve) => setImmediate(resolve));
  return state;
}

describe('Flushes', () => {
  it('gives one promise for each flush', () => {
    const flushes = new Flushes();
    expect(flushes.wait(1)).toBe(flushes.wait(1));
    expect(flushes.wait(2)).not.toBe(flushes.wait(1));
  });

  it('resolves all up to the ticket, in whatever order they were asked for', async () => {
    const flushes = new Flushes();
    const waits = [3, 1, 2].map((ticket) => flushes.wait(ticket));
    flushes.flushed(2);
    expect(await Promise.all(waits.map(stateOf))).toEqual(['waiting', 'resolved', 'resolved']);
  });

  it('resolves at once what was flushed before', async () => {
    const flushes = new Flushes();
    flushes.flushed(5);
    flushes.flushed(3);
    await flushes.wait(5);
  });

  it('rejects what waits, and not what was flushed', async () => {
    const flushes = new Flushes();
    const [sent, lost] = [flushes.wait(1), flushes.wait(2)];
    flushes.flushed(1);
    flushes.fail(new Error('closed'));
    await sent;
    await expect(lost).rejects.toThrow('closed');
  });
});
