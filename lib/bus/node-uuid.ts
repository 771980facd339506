import { v4 } from 'uuid';
import { NODE_ID_BYTES, type NodeId, nodeIdBytes, readNodeId } from '../primitives/node-id.js';

/** A random id, as the original's: a UUID of version 4. */
export function makeNodeId(): NodeId {
  return readNodeId(v4(undefined, Buffer.alloc(NODE_ID_BYTES)), 0);
}

/** The id as people write it. What others call themselves may be no valid UUID, which `stringify` of `uuid` refuses. */
export function formatNodeId(id: NodeId): string {
  const digits = nodeIdBytes(id).toString('hex');
  const groups = [
    digits.slice(0, 8),
    digits.slice(8, 12),
    digits.slice(12, 16),
    digits.slice(16, 20),
    digits.slice(20),
  ];
  return groups.join('-');
}
