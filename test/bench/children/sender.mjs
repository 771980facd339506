import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { answerCalls } from '../../support/answer-calls.mjs';
import { chunks, makeKeys } from './keys.mjs';
import { startProfile } from './profile.mjs';
import { transportOf } from './transport.mjs';

const options = JSON.parse(process.argv[2]);
const { makeSender } = await transportOf(options.kind);
const sender = makeSender(options);
const keys = makeKeys();
const writeProfile = await startProfile(`${options.kind}-sender`);

answerCalls({
  writeProfile,
  start: () => sender.start(),
  /** As fast as the transport takes them: chunk by chunk, and never more than one of them ahead. */
  async emit(count) {
    for (const chunk of chunks(keys, count, options.chunk)) {
      await sender.emitAll(chunk);
      // The network has its turn: what resolves at once has only been queued.
      await nextTurn();
    }
  },
  /** One each `everyMs`, by a key that says when. */
  async pace(count, everyMs) {
    let next = performance.now();
    for (let sent = 0; sent < count; sent++) {
      next += everyMs;
      const wait = next - performance.now();
      await (wait > 0 ? pause(wait) : nextTurn());
      sender.emit(`at:${process.hrtime.bigint()}`);
    }
  },
});
