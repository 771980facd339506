import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from './failure.js';

const PAUSE_MS = 2;

/** Asks again and again until there is an answer. `what` completes "… within 2000 ms". */
export async function until<T>(what: string, deadlineMs: number, ask: () => Promise<T | undefined>): Promise<T> {
  const endsAt = performance.now() + deadlineMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > endsAt) throw new Failure(`${what} within ${deadlineMs} ms`);
    // Without a reference: when all instances have ended, nobody will answer, and nothing holds the process.
    await delay(PAUSE_MS, undefined, { ref: false });
  }
}
