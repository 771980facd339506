import type { NodeId } from '../../primitives/node-id.js';
import { NO_NONCE } from '../../primitives/nonce.js';
import { BatchWriter } from '../../wire/batch-writer.js';
import { clusterTagOf } from '../../wire/cluster-tag.js';
import { encodeLeave, encodePong } from '../../wire/control-codec.js';
import { encodeHeartbeat } from '../../wire/heartbeat-codec.js';
import { MAX_DATAGRAM_BYTES, type HeartbeatPacket, PacketType } from '../../wire/packet.js';
import { encodeBeacon } from '../../wire/repair-codec.js';

const TAG = clusterTagOf('default');
const GUESSED_NONCE = 0x0102_0304_0506_0708n;
const ADDRESS = '10.66.0.1:7946';

/** Claims of one who hears nothing of the mesh, in the name of a member: that it, or another, has come so far. */
export function forgedClaims(name: NodeId, about: NodeId, highest: number): Buffer[] {
  const frame = { sender: name, clusterTag: TAG };
  const trailer = { sequence: highest, floor: highest + 1, sentAtMs: 0, clusterTag: undefined };
  const parts = {
    address: ADDRESS,
    trailer,
    members: { count: 0, hash: 0, unheard: [] },
    heard: undefined,
    gone: undefined,
  };
  const own: HeartbeatPacket = { kind: 'heartbeat', sender: name, ...parts };
  const modest = { ...own, trailer: { ...trailer, sequence: 0, floor: 1 } };
  const beacon = { kind: 'beacon', ...frame, nonce: NO_NONCE, token: 0, about: name, highest, floor: 1 } as const;
  return [
    lay((into) => encodeHeartbeat(into, own)),
    lay((into) => encodeHeartbeat(into, { ...modest, heard: [{ id: about, highest }] })),
    lay((into) => encodeHeartbeat(into, { ...modest, gone: [{ id: about, highest, seconds: 1 }] })),
    lay((into) => encodeBeacon(into, beacon)),
    lay((into) => encodeBeacon(into, { ...beacon, floor: highest })),
    lay((into) => encodeBeacon(into, { ...beacon, nonce: GUESSED_NONCE, about, token: 1 })),
    lay((into) =>
      encodePong(into, {
        kind: 'pong',
        ...frame,
        nonce: GUESSED_NONCE,
        token: 0,
        about: name,
        hearsGroup: true,
        highest,
      }),
    ),
    lay((into) => encodeLeave(into, { kind: 'leave', ...frame, nonce: GUESSED_NONCE, highest })),
  ];
}

/** The key that nobody but a forger publishes. */
export const FORGED_KEY = 'forged';

/** A batch in the name of a member, with a sequence of the forger's choice. */
export function forgedBatch(name: NodeId, sequence: number): Buffer {
  return lay((into) => {
    const writer = new BatchWriter();
    writer.begin(into, PacketType.BATCH, name, TAG);
    writer.tryAdd(FORGED_KEY, undefined, undefined);
    return writer.finish(sequence, 1, 0);
  });
}

function lay(write: (into: Buffer) => number): Buffer {
  const into = Buffer.alloc(MAX_DATAGRAM_BYTES);
  return into.subarray(0, write(into));
}
