/** By what two nodes compare whom they know. */
export interface MemberSet {
  readonly count: number;
  readonly hash: number;
}

/** Count and hash. */
export const MEMBER_SET_BYTES = 8;

/** The bound of every count of members: a larger mesh says this. */
export const MAX_MEMBER_COUNT = 0xffff;

/** Writes count and hash and returns the offset behind them. */
export function writeMemberSet(into: Buffer, offset: number, { count, hash }: MemberSet): number {
  const at = into.writeUInt16BE(Math.min(count, MAX_MEMBER_COUNT), offset);
  return into.writeUIntBE(hash, at, 6);
}

/** The caller has checked that the bytes are there. */
export function readMemberSet(bytes: Buffer, offset: number): MemberSet {
  return { count: bytes.readUInt16BE(offset), hash: bytes.readUIntBE(offset + 2, 6) };
}
