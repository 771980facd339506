import { describe, expect, it } from '@jest/globals';

import { fnv1a32, fnv1a32Text } from '../../../lib/primitives/fnv1a.js';

describe('fnv1a32', () => {
  // draft-eastlake-fnv, appendix C, and the project's tag of the cluster `default`.
  it.each([
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['b', 0xe70c2de5],
    ['c', 0xe60c2c52],
    ['fo', 0x6222e842],
    ['foo', 0xa9f37ed7],
    ['foob', 0x3f5076ef],
    ['fooba', 0x39aaa18a],
    ['foobar', 0xbf9cf968],
    ['chongo was here!\n', 0xd49930d5],
    ['default', 0x933b5bde],
  ])('hashes %j', (text, hash) => {
    expect(fnv1a32(Buffer.from(text))).toBe(hash);
    expect(fnv1a32Text(text)).toBe(hash);
  });

  it.each([
    ['00', 0x050c5d1f],
    ['ff000001', 0xc48fb86d],
  ])('hashes the bytes %s, which are no text', (hex, hash) => expect(fnv1a32(Buffer.from(hex, 'hex'))).toBe(hash));

  it('hashes the bytes of UTF-8', () => expect(fnv1a32Text('ü')).toBe(fnv1a32(Buffer.from([0xc3, 0xbc]))));

  it.each(['\0', '\x7f', 'user:42~', '\x80', 'é', 'aé', 'user:42:é', '東', '🚀', 'a🚀b', '\ud83d', 'a\ud83d'])(
    'hashes the bytes of UTF-8 with and without a buffer: %j',
    (text) => expect(fnv1a32Text(text)).toBe(fnv1a32(Buffer.from(text, 'utf8'))),
  );

  it('says the same of every character below 128, and of the first ones above', () => {
    const differing: number[] = [];
    for (let unit = 0; unit < 0x200; unit++) {
      const text = `key:${String.fromCharCode(unit)}:1`;
      if (fnv1a32Text(text) !== fnv1a32(Buffer.from(text, 'utf8'))) differing.push(unit);
    }
    expect(differing).toEqual([]);
  });
});
