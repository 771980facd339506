import { setTimeout as pause } from 'node:timers/promises';
import { answerCalls } from '../../support/answer-calls.mjs';
import { startProfile } from './profile.mjs';
import { transportOf } from './transport.mjs';

const options = JSON.parse(process.argv[2]);
const { makeReceiver } = await transportOf(options.kind);
/** How long nothing may come before what is missing counts as lost. */
const PATIENCE_MS = 3000;

let [count, due, firstAt, lastAt] = [0, Infinity, 0, 0];
let latencies = [];
let isComplete = () => {};

// All processes read the same monotonic clock of the machine.
const now = () => Number(process.hrtime.bigint()) / 1e6;

/** Reading the clock costs as much as counting hundreds: it is read for the first, the last, and now and then. */
function hearMany(additional) {
  const before = count;
  count += additional;
  if (before !== 0 && count < due && before >> 9 === count >> 9) return;
  lastAt = now();
  if (before === 0) firstAt = lastAt;
  if (count >= due) isComplete();
}

const HEAR = {
  count: () => hearMany(1),
  batch: (events) => hearMany(events.length),
  latency(key) {
    latencies.push((now() - Number(BigInt(key.slice('at:'.length))) / 1e6) * 1000);
    hearMany(1);
  },
};

const receiver = makeReceiver(options, HEAR[options.hear]);
const writeProfile = await startProfile(`${options.kind}-receiver`);

answerCalls({
  writeProfile,
  start: () => receiver.start().then(() => undefined),
  expect(events) {
    [count, due, firstAt, lastAt] = [0, events, 0, 0];
    latencies = [];
  },
  /** Resolves when all came, or nothing has come for a while. */
  async hears() {
    let complete = count >= due;
    isComplete = () => (complete = true);
    for (let [seen, since] = [count, now()]; !complete && now() - since < PATIENCE_MS;) {
      await pause(10);
      if (count !== seen) [seen, since] = [count, now()];
    }
    return { count, firstAt, lastAt, latencies };
  },
  /** Resolves when the node has taken so many more keys, or none for a while. */
  async delivers(from, events) {
    const delivered = () => receiver.delivered() - from;
    for (let [seen, since] = [0, now()]; delivered() < events && now() - since < PATIENCE_MS;) {
      await pause(10);
      if (delivered() !== seen) [seen, since] = [delivered(), now()];
    }
    return delivered();
  },
  delivered: () => receiver.delivered(),
  /** Used so far, and when that was, in ms. */
  usage() {
    const { user, system } = process.cpuUsage();
    return { cpuMs: (user + system) / 1000, at: now() };
  },
});
