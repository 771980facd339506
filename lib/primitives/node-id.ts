declare const nodeIdBrand: unique symbol;

/**
 * The 16 bytes that name one bus instance for as long as it lives, held as a string of 16 characters with one byte
 * each: it is compared and looked up by value, and costs a fifth of what hexadecimal digits cost per datagram. It is
 * not for people; above the core it is printed as a UUID.
 */
export type NodeId = string & { readonly [nodeIdBrand]: true };

export const NODE_ID_BYTES = 16;

/** Reads the id at `offset`. The caller has checked that 16 bytes are there. */
export function readNodeId(bytes: Buffer, offset: number): NodeId {
  return bytes.toString('latin1', offset, offset + NODE_ID_BYTES) as NodeId;
}

/** Writes the id at `offset` and returns the offset behind it. */
export function writeNodeId(id: NodeId, into: Buffer, offset: number): number {
  return offset + into.write(id, offset, NODE_ID_BYTES, 'latin1');
}

/** The id as bytes of its own. */
export function nodeIdBytes(id: NodeId): Buffer {
  return Buffer.from(id, 'latin1');
}

/** The first four bytes of the id, which name a member among those that two nodes both know. */
export function shortNodeId(id: NodeId): number {
  return ((id.charCodeAt(0) << 24) | (id.charCodeAt(1) << 16) | (id.charCodeAt(2) << 8) | id.charCodeAt(3)) >>> 0;
}
