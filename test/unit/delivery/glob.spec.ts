import { describe, expect, it } from '@jest/globals';
import { escapeGlob, Glob, isGlob } from '../../../lib/delivery/glob.js';
import { seededRandom } from '../../support/seeded-random.js';

const matches = (pattern: string, key: string): boolean => new Glob(pattern).matches(key);

describe('Glob', () => {
  const table: [pattern: string, matching: string[], others: string[]][] = [
    ['user:42', ['user:42'], ['user:4', 'user:421', 'User:42', '']],
    ['*', ['a', 'a:b:c', 'é😀\n'], []],
    ['user:*', ['user:42', 'user:', 'user:42:name'], ['user', 'users:42']],
    ['*:42', ['user:42', ':42', 'a:42:42'], ['42', 'user:421']],
    ['a*b*c', ['abc', 'aXbYc', 'abbcc', 'abcabc'], ['ab', 'acb', 'abcd']],
    ['a**b', ['ab', 'aXb'], ['a', 'b']],
    ['*a*', ['a', 'bab', 'ba'], ['b', '']],
    ['u?er', ['user', 'u?er', 'uber', 'u😀er'], ['uer', 'usser']],
    ['?', ['a', '😀', '*'], ['', 'aa']],
    ['*??', ['ab', 'abc'], ['a']],
    ['[abc]', ['a', 'b', 'c'], ['d', '', 'ab', '[abc]']],
    ['[a-c]x', ['ax', 'bx', 'cx'], ['dx', 'x', '-x']],
    ['[c-a]x', ['ax', 'bx', 'cx'], ['dx']],
    ['[^a-c]', ['d', '^', '😀'], ['a', 'b', 'c', '']],
    ['[!a]', ['!', 'a'], ['b']],
    ['[a^]', ['a', '^'], ['b']],
    ['[a-]', ['a', '_', ']', '`'], ['b', '-']],
    ['[-a]', ['-', 'a'], ['b']],
    ['[😀-😂]', ['😀', '😁', '😂'], ['😃']],
    ['[\\]]', [']'], ['\\', '']],
    ['[a\\-c]', ['a', '-', 'c'], ['b']],
    ['[*?]', ['*', '?'], ['a', '']],
    ['[[]', ['['], [']']],
    ['[]', [], ['', ']', '[]']],
    ['[]a]', [], ['a', ']', 'aa]']],
    ['[^]', ['a', ']'], ['', 'ab']],
    ['[abc', ['a', 'b', 'c'], ['[abc', 'd', '']],
    ['[a-', ['a', '-'], ['b']],
    ['[', [], ['[', 'a', '']],
    ['x[', [], ['x', 'x[']],
    ['[^', ['a'], ['', 'ab']],
    ['[a\\', ['a', '\\'], ['b']],
    ['\\*', ['*'], ['a', '\\*', '']],
    ['a\\?\\[b', ['a?[b'], ['axyb']],
    ['a\\bc', ['abc'], ['a\\bc']],
    ['a\\\\b', ['a\\b'], ['a\\\\b']],
    ['a\\', ['a\\'], ['a']],
    ['a]b', ['a]b'], ['ab']],
    ['😀*', ['😀', '😀a'], ['\ud83d\ude01', 'a😀']],
    ['*[0-9]:x', ['1:x', 'user:42:x'], ['x', 'user:x', '4:y']],
  ];

  it.each(table)('reads %s as Redis does', (pattern, matching, others) => {
    expect({ pattern, matching: matching.filter((key) => matches(pattern, key)) }).toEqual({ pattern, matching });
    expect({ pattern, others: others.filter((key) => matches(pattern, key)) }).toEqual({ pattern, others: [] });
  });

  it.each([
    ['user:*:name', 'user:', undefined],
    ['user:42', 'user:42', 'user:42'],
    ['a\\*b', 'a*b', 'a*b'],
    ['a\\*b*', 'a*b', undefined],
    ['*', '', undefined],
    ['a\\', 'a\\', 'a\\'],
  ])('knows what matches of %s begin with', (pattern, prefix, literal) => {
    expect(new Glob(pattern)).toMatchObject({ pattern, prefix, literal });
  });

  it('comes to an end where going back to every run would not', () => {
    const key = 'a'.repeat(1024);
    expect(matches('*a*a*a*a*a*a*a*a*a*a*a*a*b', key)).toBe(false);
    expect(matches(`${'*a'.repeat(511)}*b`, key)).toBe(false);
    expect(matches(`${'*a'.repeat(511)}*`, key)).toBe(true);
    expect(matches(`${'*?'.repeat(511)}[^a]`, key)).toBe(false);
  });

  it('agrees with the same pattern written as a regular expression', () => {
    const seed = 7;
    const random = seededRandom(seed);
    const pick = <T>(choices: readonly T[]): T => choices[random.u32() % choices.length]!;
    const many = (most: number, one: () => string): string => Array.from({ length: random.u32() % most }, one).join('');
    const pieces: readonly [glob: string, expression: string][] = [
      ['a', 'a'],
      ['b', 'b'],
      [':', ':'],
      ['😀', '😀'],
      ['*', '.*'],
      ['?', '.'],
      ['[ab]', '[ab]'],
      ['[^a]', '[^a]'],
      ['[b-d]', '[b-d]'],
      ['\\*', '\\*'],
    ];
    let accepted = 0;
    for (let round = 0; round < 20_000; round++) {
      const parts = Array.from({ length: random.u32() % 8 }, () => pick(pieces));
      const pattern = parts.map(([glob]) => glob).join('');
      const expression = new RegExp(`^${parts.map(([, text]) => text).join('')}$`, 'su');
      const key = many(8, () => pick(['a', 'b', 'c', ':', '😀', '*']));
      const expected = expression.test(key);
      if (expected) accepted++;
      expect({ seed, pattern, key, is: matches(pattern, key) }).toEqual({ seed, pattern, key, is: expected });
    }
    expect(accepted).toBeGreaterThan(1000);
    expect(accepted).toBeLessThan(19_000);
  });
});

describe('isGlob', () => {
  it.each([
    ['user:42', false],
    ['', false],
    ['user:*', true],
    ['u?er', true],
    ['[ab]', true],
    ['a]b', false],
    ['\\*\\?\\[', false],
    ['\\\\*', true],
    ['a\\', false],
  ])('%s: %p', (pattern, expected) => {
    expect(isGlob(pattern)).toBe(expected);
    expect(new Glob(pattern).literal === undefined).toBe(expected);
  });
});

describe('escapeGlob', () => {
  it.each([
    ['user:42', 'user:42'],
    ['', ''],
    ['user:[1]*', 'user:\\[1]\\*'],
    ['a?b', 'a\\?b'],
    ['a\\', 'a\\\\'],
    ['😀*', '😀\\*'],
  ])('makes of %s the pattern %s', (text, pattern) => {
    expect(escapeGlob(text)).toBe(pattern);
    expect(new Glob(pattern)).toMatchObject({ literal: text });
    expect(isGlob(pattern)).toBe(false);
  });

  it('makes a pattern that matches exactly the text, alone and before another', () => {
    const seed = 11;
    const random = seededRandom(seed);
    const alphabet = ['a', 'b', '-', '^', '\\', '*', '?', '[', ']', '😀', 'é', '\n'];
    const text = (most: number): string =>
      Array.from({ length: random.u32() % most }, () => alphabet[random.u32() % alphabet.length]!).join('');
    let same = 0;
    let begun = 0;
    for (let round = 0; round < 20_000; round++) {
      const [one, other] = [text(4), text(4)];
      const found = [matches(escapeGlob(one), one), matches(escapeGlob(one), other)];
      const before = [matches(`${escapeGlob(one)}*`, one + other), matches(`${escapeGlob(one)}*`, other)];
      const expected = [true, one === other, true, other.startsWith(one)];
      expect({ seed, one, other, is: [...found, ...before] }).toEqual({ seed, one, other, is: expected });
      if (one === other) same++;
      else if (other.startsWith(one)) begun++;
    }
    expect(same).toBeGreaterThan(500);
    expect(begun).toBeGreaterThan(500);
  });
});
