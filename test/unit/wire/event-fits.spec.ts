import { describe, expect, it } from '@jest/globals';
import { BatchWriter } from '../../../lib/wire/batch-writer.js';
import { clusterTagOf } from '../../../lib/wire/cluster-tag.js';
import { eventFits } from '../../../lib/wire/event-fits.js';
import { MAX_DATAGRAM_BYTES, PacketType } from '../../../lib/wire/packet.js';
import { clusterTlvBytes } from '../../../lib/wire/trailer-layout.js';
import { nodeIdOf } from '../../wire/vectors.js';

const sender = nodeIdOf('00112233445546778899aabbccddeeff');
const into = Buffer.alloc(MAX_DATAGRAM_BYTES);
const writer = new BatchWriter();

const extra = (tagged: boolean): number => (tagged ? clusterTlvBytes(clusterTagOf('shop')) : 0);

/** What the writer thinks of the same event. */
function writerTakes(key: number, data: number | undefined, metadata: number | undefined, tagged: boolean): boolean {
  const bytes = (count: number | undefined): Buffer | undefined =>
    count === undefined ? undefined : Buffer.alloc(count);
  writer.begin(into, PacketType.BATCH, sender, tagged ? clusterTagOf('shop') : undefined);
  return writer.tryAdd('k'.repeat(key), bytes(data), bytes(metadata));
}

describe('eventFits', () => {
  it.each([false, true])('takes every key of up to 1024 bytes (named cluster: %s)', (tagged) => {
    expect(eventFits(1024, undefined, undefined, extra(tagged))).toBe(true);
  });

  it.each([
    [1101, undefined, undefined, false],
    [1094, undefined, undefined, true],
    [100, 996, undefined, false],
    [100, undefined, 996, false],
    [100, 989, undefined, true],
    [100, 974, 17, false],
    [1024, 0, 67, false],
  ] as const)(
    'knows the largest event: key %d, data %s, metadata %s, named cluster %s',
    (key, data, metadata, tagged) => {
      expect(eventFits(key, data, metadata, extra(tagged))).toBe(true);
      expect(eventFits(key + 1, data, metadata, extra(tagged))).toBe(false);
    },
  );

  it('says what the writer says', () => {
    const differing: unknown[] = [];
    for (const tagged of [false, true]) {
      for (const data of [undefined, 0, 1, 500, 1000]) {
        for (const metadata of [undefined, 0, 77]) {
          for (let key = 0; key <= 1200; key += 1) {
            if (eventFits(key, data, metadata, extra(tagged)) === writerTakes(key, data, metadata, tagged)) continue;
            differing.push({ key, data, metadata, tagged });
          }
        }
      }
    }
    expect(differing).toEqual([]);
  });
});
