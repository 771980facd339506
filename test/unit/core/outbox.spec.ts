import { describe, expect, it } from '@jest/globals';

import { Outbox } from '../../../lib/core/outbox.js';
import { randomNodeId } from '../../../lib/simulation/simulated-config.js';
import { SeededRandom } from '../../../lib/primitives/seeded-random.js';
import type { LeavePacket } from '../../../lib/wire/packet.js';

const sender = randomNodeId(new SeededRandom(1));

function leave(highest: number): LeavePacket {
  return { kind: 'leave', sender, clusterTag: 0, nonce: 1n, highest };
}

describe('Outbox', () => {
  it('gives frames out in order, with where they go', () => {
    const outbox = new Outbox();
    outbox.toOne(leave(1), 'a:1');
    outbox.toGroup(leave(2));
    outbox.toMany(leave(3), true, ['b:1', 'c:1']);
    expect([outbox.take(), outbox.take(), outbox.take(), outbox.take()]).toEqual([
      { packet: leave(1), toGroup: false, to: ['a:1'] },
      { packet: leave(2), toGroup: true, to: [] },
      { packet: leave(3), toGroup: true, to: ['b:1', 'c:1'] },
      undefined,
    ]);
  });

  it('takes nothing that would go to nobody', () => {
    const outbox = new Outbox();
    outbox.toMany(leave(1), false, []);
    outbox.toMany(leave(2), true, []);
    expect(outbox.take()?.packet).toEqual(leave(2));
    expect(outbox.take()).toBeUndefined();
  });
});
