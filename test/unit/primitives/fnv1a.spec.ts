import { describe, expect, it } from '@jest/globals';

import { fnv1a32, fnv1a32Text } from '../../../lib/primitives/fnv1a.js';

describe('fnv1a32', () => {
  // draft-eastlake-fnv, appendix C, and the project's tag of the cluster `default`.
  it.each([
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['b', 0xe70c2de5],
    ['foobar', 0xbf9cf968],
    ['default', 0x933b5bde],
  ])('hashes %j', (text, hash) => {
    expect(fnv1a32(Buffer.from(text))).toBe(hash);
    expect(fnv1a32Text(text)).toBe(hash);
  });

  it('hashes the bytes of UTF-8', () => expect(fnv1a32Text('ü')).toBe(fnv1a32(Buffer.from([0xc3, 0xbc]))));
});
