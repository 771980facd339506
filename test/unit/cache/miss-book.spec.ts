import { beforeEach, describe, expect, it } from '@jest/globals';
import { LOAD_KNOWN_MS, MissBook } from '../../../lib/cache/miss-book.js';

let now: number;
let moves: Map<string, number>;
let book: MissBook;

beforeEach(() => {
  now = 0;
  moves = new Map();
  book = new MissBook(
    (key) => {
      const at = moves.get(key) ?? 0;
      return { isCurrent: () => (moves.get(key) ?? 0) === at };
    },
    () => now,
  );
});

function invalidate(key: string): void {
  moves.set(key, (moves.get(key) ?? 0) + 1);
}

/** Whether a `set` of the key is taken. */
function set(key: string): boolean {
  return book.noteSet(key)?.isCurrent() === true;
}

describe('MissBook', () => {
  it('takes a set that answers a miss, and one that answers none', () => {
    book.noteMiss('a');
    expect([set('a'), set('a'), set('b')]).toEqual([true, true, true]);
    expect(book.size).toBe(0);
  });

  it('refuses a set whose miss was overtaken, and takes the next load', () => {
    book.noteMiss('a');
    invalidate('a');
    expect(set('a')).toBe(false);
    book.noteMiss('a');
    expect(set('a')).toBe(true);
  });

  it('refuses until each load has answered that was overtaken, in whatever order they do', () => {
    book.noteMiss('a');
    book.noteMiss('a');
    invalidate('a');
    book.noteMiss('a');
    // The youngest may be the first that has loaded. Nobody can tell.
    expect([set('a'), set('a'), set('a')]).toEqual([false, false, false]);
    book.noteMiss('a');
    expect(set('a')).toBe(true);
  });

  it('is overtaken again by the next invalidation', () => {
    book.noteMiss('a');
    invalidate('a');
    book.noteMiss('a');
    invalidate('a');
    expect([set('a'), set('a'), set('a')]).toEqual([false, false, true]);
  });

  it('knows loads for ten seconds', () => {
    book.noteMiss('a');
    now += LOAD_KNOWN_MS;
    invalidate('a');
    expect(set('a')).toBe(false);
    book.noteMiss('a');
    invalidate('a');
    book.noteMiss('a');
    now += LOAD_KNOWN_MS + 1;
    expect(set('a')).toBe(true);
  });

  it('does not take an old miss without a set for a load, once it can not be under way', () => {
    book.noteMiss('a');
    now += LOAD_KNOWN_MS + 1;
    invalidate('a');
    expect(set('a')).toBe(true);
  });

  it('leaves other keys alone', () => {
    book.noteMiss('a');
    book.noteMiss('b');
    invalidate('a');
    expect([set('a'), set('b')]).toEqual([false, true]);
  });

  it('forgets misses by time', () => {
    for (let index = 0; index < 1000; index++) book.noteMiss(`key:${index}`);
    expect(book.size).toBe(1000);
    now += LOAD_KNOWN_MS + 1;
    book.noteMiss('a');
    expect(book.size).toBe(1);
  });

  it('keeps a bounded number, and takes no set of a key that it does not know for as long as one may be overtaken', () => {
    book.noteMiss('a');
    for (let index = 0; index < 50_000; index++) book.noteMiss(`key:${index}`);
    expect(book.size).toBe(50_000);
    invalidate('a');
    expect([set('a'), set('b'), set('key:49999')]).toEqual([false, false, true]);
    now += LOAD_KNOWN_MS + 1;
    expect([set('a'), set('b')]).toEqual([true, true]);
  });

  it('never takes a value that is older than an invalidation, where each miss is answered by one set', () => {
    // Loads begin, invalidations come, and loads end in any order: 2000 walks, each from its seed.
    for (let seed = 1; seed <= 2000; seed++) {
      let state = seed;
      const draw = (below: number): number => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        return Math.floor((state / 2 ** 32) * below);
      };
      const key = `walk:${seed}`;
      const loads: number[] = [];
      let version = 0;
      for (let step = 0; step < 60; step++) {
        const choice = draw(3);
        if (choice === 0) {
          book.noteMiss(key);
          loads.push(version);
        } else if (choice === 1) {
          version++;
          invalidate(key);
        } else if (loads.length > 0) {
          const [loaded] = loads.splice(draw(loads.length), 1);
          if (set(key) && loaded !== version) throw new Error(`seed ${seed}, step ${step}: ${loaded} of ${version}`);
        }
      }
    }
    expect(book.size).toBeGreaterThan(0);
  });
});
