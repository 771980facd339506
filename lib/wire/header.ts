import { writeNodeId, type NodeId } from '../primitives/node-id.js';
import { MAGIC, type PacketType } from './packet.js';

/** Writes what every datagram begins with and returns the offset behind it. */
export function writeHeader(into: Buffer, type: PacketType, sender: NodeId): number {
  into[0] = MAGIC;
  into[1] = type;
  return writeNodeId(sender, into, 2);
}
