import { describe, expect, it } from '@jest/globals';
import { TagIndex } from '../../../lib/cache/tag-index.js';

describe('TagIndex', () => {
  it('knows which keys bear a tag, until they go', () => {
    const index = new TagIndex(() => undefined);
    index.add('1', ['a', 'b']);
    index.add('2', ['a']);
    expect([index.keysOf('a'), index.keysOf('b'), index.keysOf('c')]).toEqual([['1', '2'], ['1'], []]);
    index.add('1', ['c']);
    expect([index.keysOf('a'), index.keysOf('b'), index.keysOf('c'), index.tags()]).toEqual([
      ['2'],
      [],
      ['1'],
      ['a', 'c'],
    ]);
    index.remove('2');
    index.add('1', []);
    expect([index.size, index.tags()]).toEqual([0, []]);
  });

  it('forgets keys that are not held any more, now and then', () => {
    const held = new Set<string>();
    const index = new TagIndex(() => held);
    for (let round = 0; round < 50; round++) {
      held.clear();
      for (let key = 0; key < 100; key++) {
        held.add(`${round}:${key}`);
        index.add(`${round}:${key}`, ['a']);
      }
    }
    expect(index.size).toBeLessThanOrEqual(1000);
    expect(index.keysOf('a')).toEqual(expect.arrayContaining([...held]));
  });

  it('keeps all where nobody can tell what is held', () => {
    const index = new TagIndex(() => undefined);
    for (let key = 0; key < 5000; key++) index.add(`${key}`, ['a']);
    expect(index.size).toBe(5000);
    index.clear();
    expect([index.size, index.tags()]).toEqual([0, []]);
  });
});
