import { HEADER_BYTES } from './packet.js';

/** Where a batch says how many keys it has. */
export const KEY_COUNT_AT = HEADER_BYTES;

/** Where its first key begins, with its length. */
export const KEYS_AT = KEY_COUNT_AT + 2;

/** The length before each key. */
export const KEY_HEAD_BYTES = 2;
