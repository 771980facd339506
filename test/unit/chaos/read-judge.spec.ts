import { beforeEach, describe, expect, it } from '@jest/globals';
import { ReadJudge } from '../../chaos/support/read-judge.js';
import { VersionBook } from '../../chaos/support/version-book.js';

let book: VersionBook;
let judge: ReadJudge;
let dead: Set<string>;

beforeEach(() => {
  book = new VersionBook(['a', 'b']);
  dead = new Set();
  judge = new ReadJudge(book, dead);
});

describe('ReadJudge', () => {
  it('takes the time from the commit of the next version to the beginning of the read', () => {
    book.commit(['a', 'b'], 'one', 100);
    book.commit(['a'], 'one', 150);
    judge.take('two', [
      [0, 0, 99, 1],
      [0, 0, 130, 0],
      [0, 1, 155, 0],
      [0, 2, 160, 0],
      [1, 1, 900, 0],
    ]);
    const { reads, hitShare, stale, staleShare, staleness } = judge.verdict();
    expect({ reads, hitShare, stale, staleShare }).toEqual({ reads: 5, hitShare: 0.8, stale: 2, staleShare: 0.4 });
    expect(staleness).toEqual({ p50: 5, p99: 30, max: 30 });
  });

  it('sees who reads less than it has told itself, and what was never committed', () => {
    book.commit(['a'], 'one', 100);
    book.tell('a', 1, 110);
    judge.take('one', [
      [0, 0, 109, 0],
      [0, 0, 111, 0],
    ]);
    judge.take('two', [
      [0, 0, 111, 0],
      [1, 7, 111, 0],
    ]);
    const { behindOwn, unknown } = judge.verdict();
    expect(behindOwn).toEqual(['one read a v0 and had told v1, 11.0 ms old']);
    expect(unknown).toBe(1);
  });

  it('takes no time from a commit that died with its writer', () => {
    dead.add('one');
    book.commit(['a'], 'one', 100);
    book.commit(['a'], 'two', 120);
    judge.take('two', [
      [0, 0, 115, 0],
      [0, 0, 130, 0],
    ]);
    expect(judge.verdict()).toMatchObject({ stale: 1, staleness: { max: 10 } });
  });

  it('judges a part of the time by itself', () => {
    book.commit(['a'], 'one', 100);
    judge.take('two', [
      [0, 0, 110, 0],
      [0, 0, 300, 0],
    ]);
    expect(judge.verdict(0, 200)).toMatchObject({ reads: 1, stale: 1, staleness: { max: 10 } });
  });
});

describe('VersionBook', () => {
  it('does not ask for what died with its writer, but for what was told or comes later', () => {
    dead.add('one');
    book.commit(['a'], 'one', 100);
    expect([book.newestDue('a', new Set()), book.newestDue('a', dead), book.untold(dead)]).toEqual([1, 0, 1]);
    book.tell('a', 1, 110);
    expect([book.newestDue('a', dead), book.untold(dead)]).toEqual([1, 0]);
    book.commit(['a'], 'one', 120);
    book.commit(['a'], 'two', 130);
    expect(book.newestDue('a', dead)).toBe(3);
  });
});
