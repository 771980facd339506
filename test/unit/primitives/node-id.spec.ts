import { describe, expect, it } from '@jest/globals';

import { nodeIdBytes, readNodeId, shortNodeId, writeNodeId } from '../../../lib/primitives/node-id.js';

const BYTES = Buffer.from([0xff, 0x80, 0x00, 0x01, 0x7f, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255]);

describe('NodeId', () => {
  it('is read and written without change, whatever the bytes', () => {
    const id = readNodeId(Buffer.concat([Buffer.from('xy'), BYTES]), 2);
    const into = Buffer.alloc(20, 0xee);
    expect(writeNodeId(id, into, 3)).toBe(19);
    expect(into.subarray(3, 19)).toEqual(BYTES);
    expect([into[2], into[19]]).toEqual([0xee, 0xee]);
    expect(nodeIdBytes(id)).toEqual(BYTES);
  });

  it('is one value for the same bytes', () => {
    expect(readNodeId(BYTES, 0)).toBe(readNodeId(Buffer.from(BYTES), 0));
    expect(new Set([readNodeId(BYTES, 0)]).has(readNodeId(BYTES, 0))).toBe(true);
  });

  it('is no view of the bytes', () => {
    const bytes = Buffer.from(BYTES);
    const id = readNodeId(bytes, 0);
    bytes.fill(0);
    expect(nodeIdBytes(id)).toEqual(BYTES);
  });

  it('has its first four bytes for a short name, as an unsigned number', () => {
    expect(shortNodeId(readNodeId(BYTES, 0))).toBe(0xff800001);
  });
});
