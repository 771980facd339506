import { randomInt } from 'node:crypto';

/** Below the range from which the kernel takes its own, so that no socket which asked for any port sits on one. */
const FIRST = 20_000;
const EACH = 1000;
const WORKERS = 12;

/** Spec files of one worker come one after the other. Workers run at the same time, and each has ports of its own. */
const first = FIRST + (Number(process.env.JEST_WORKER_ID ?? 0) % WORKERS) * EACH;
let next = randomInt(0, EACH);

/** A port that nobody is likely to use, another one each time. Of several in a row, the first. */
export function randomPort(inARow = 1): number {
  if (next + inARow > EACH) next = 0;
  const port = first + next;
  next = (next + inARow) % EACH;
  return port;
}
