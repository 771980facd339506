import { describe, expect, it } from '@jest/globals';
import { UnreadableBook } from '../../../lib/membership/unreadable-book.js';
import { nodeIdOf } from '../../wire/vectors.js';

const HEARTBEAT_MS = 1000;
const [ID, OTHER] = ['00112233445546778899aabbccddeeff', 'ff112233445546778899aabbccddee00'].map(nodeIdOf);
const FROM = '10.0.0.2:7946';

function noted(book: UnreadableBook, times: number, endpoint = FROM, id = ID): boolean[] {
  return Array.from({ length: times }, () => book.note(0, endpoint, id!, 'other-secret'));
}

describe('UnreadableBook', () => {
  it('names a source that can not be read three times, and tells of each reason once', () => {
    const book = new UnreadableBook(HEARTBEAT_MS);
    expect(noted(book, 2)).toEqual([false, false]);
    expect([book.list(0), book.has(ID!)]).toEqual([[], false]);
    expect(noted(book, 3)).toEqual([true, false, false]);
    expect(book.list(0)).toMatchObject([{ endpoint: FROM, id: ID, reason: 'other-secret', lastHeardAt: 0 }]);
    expect(book.has(ID!)).toBe(true);
    expect(noted(book, 5, '10.0.0.3:7946')).not.toContain(true);
    for (const told of [false, false, true, false]) expect(book.note(0, FROM, ID!, 'plain')).toBe(told);
  });

  it('forgets those that are silent for three heartbeats, or are read', () => {
    const book = new UnreadableBook(HEARTBEAT_MS);
    noted(book, 3);
    expect(book.list(3 * HEARTBEAT_MS)).toHaveLength(1);
    expect(book.list(3 * HEARTBEAT_MS + 1)).toEqual([]);
    noted(book, 3);
    book.clear(FROM);
    expect(book.list(0)).toEqual([]);
  });

  it('begins anew with another id at the address', () => {
    const book = new UnreadableBook(HEARTBEAT_MS);
    noted(book, 2);
    noted(book, 2, FROM, OTHER);
    expect(book.list(0)).toEqual([]);
  });

  it('keeps 64, those that were heard last', () => {
    const book = new UnreadableBook(HEARTBEAT_MS);
    for (let port = 1; port <= 100_000; port++) noted(book, 3, `10.0.0.2:${port}`);
    const ports = book.list(0).map(({ endpoint }) => Number(endpoint.split(':')[1]));
    expect(ports).toHaveLength(64);
    expect(Math.min(...ports)).toBe(99_937);
  });
});
