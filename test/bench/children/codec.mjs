import { answerCalls } from '../../support/answer-calls.mjs';
import { makeKeys } from './keys.mjs';
import { timePerCall } from './timing.mjs';

const { readNodeId } = await import('../../../dist/esm/primitives/node-id.js');
const { BatchWriter } = await import('../../../dist/esm/wire/batch-writer.js');
const { decodePacket } = await import('../../../dist/esm/wire/decode-packet.js');
const { PacketType } = await import('../../../dist/esm/wire/packet.js');

const BATCH = 50;
const keys = makeKeys();
const sender = readNodeId(Buffer.alloc(16, 7), 0);
const writer = new BatchWriter();
const into = Buffer.alloc(1200);

function encode(index) {
  const from = (index * BATCH) % (keys.length - BATCH);
  writer.begin(into, PacketType.BATCH, sender, undefined);
  for (let at = from; at < from + BATCH; at++) writer.tryAdd(keys[at], undefined, undefined);
  return writer.finish(index + 1, 1, 1_700_000_000_000);
}

const bytes = Buffer.from(into.subarray(0, encode(0)));
const { kind, keys: decoded } = decodePacket(bytes);
if (kind !== 'batch' || decoded.length !== BATCH) throw new Error(`${kind} of ${decoded?.length} keys`);

answerCalls({
  time: (count) => ({ encode: timePerCall(count, encode), decode: timePerCall(count, () => decodePacket(bytes)) }),
});
