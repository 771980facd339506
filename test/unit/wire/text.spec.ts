import { describe, expect, it } from '@jest/globals';
import { readText } from '../../../lib/wire/text.js';

describe('readText', () => {
  it.each(['', 'a', 'città', '東京', '🚀', '\0', '\ufeffwith a byte order mark', '\ufffd', 'a\ufffdb'])(
    'reads %j',
    (text) => {
      const bytes = Buffer.from(`<${text}>`);
      expect(readText(bytes, 1, bytes.length - 1)).toBe(text);
    },
  );

  it.each([
    ['a lone continuation byte', '80'],
    ['a cut sequence', 'e69d'],
    ['a cut sequence as long as its replacement', 'f09f94'],
    ['an overlong slash', 'c0af'],
    ['a surrogate', 'eda080'],
    ['a surrogate pair', 'eda0bdedb880'],
    ['what lies beyond U+10FFFF', 'f4908080'],
    ['a byte that never occurs', 'ff'],
    ['a replacement character and garbage', 'efbfbdff'],
  ])('refuses %s', (_what, hex) => {
    const bytes = Buffer.from(`61${hex}62`, 'hex');
    expect(readText(bytes, 0, bytes.length)).toBeUndefined();
  });

  it('looks at nothing outside the text', () => {
    expect(readText(Buffer.from('ff61ff', 'hex'), 1, 2)).toBe('a');
  });
});
