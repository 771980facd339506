import { describe, expect, it } from '@jest/globals';
import type { LiveRow } from '../../../sample/01-invalidation/src/live/live-row.js';
import { liveTable, type Paint } from '../../../sample/01-invalidation/src/live/live-table.js';
import { sighting } from './support/sightings.js';

const plain: Paint = (_, text) => text;
const marked: Paint = (style, text) => `<${String(style)}>${text}</>`;

const commands = [
  { key: 'w', does: '20 writes' },
  { key: 'l', does: '20 % loss', isOn: () => true },
  { key: 'p', does: 'partition', isOn: () => false },
  { key: 'k', does: 'kill C' },
  { key: 'r', does: 'restart C' },
];

const rows: readonly LiveRow[] = [
  { name: 'A', port: 3001, seen: sighting({ price: 266, ageMs: 1540, gaps: 3, repaired: 2, dropped: 37 }) },
  {
    name: 'B',
    port: 3002,
    seen: sighting({ price: 246, ageMs: 9980, peers: 0, resyncs: 1, status: 'isolated' }, { staleSince: 5 }),
  },
  { name: 'C', port: 3003, seen: 'ended' },
];

describe('liveTable', () => {
  it('has a row for each instance, the commands, and what has happened', () => {
    const happenings = ['10:00:01 B is isolated', '10:00:02 C ended by SIGKILL'];
    expect(liveTable({ rows, commands, happenings }, plain)).toEqual([
      'instance  product:1       age  peers  dropped  gaps  repairs  resyncs  status',
      'A :3001   266           1.5 s      2       37     3        2        0  ready',
      'B :3002   246 STALE    10.0 s      0        0     0        0        1  isolated',
      'C :3003   -                 -      -        -     -        -        -  ended',
      '',
      'w 20 writes  l 20 % loss: on  p partition: off  k kill C  r restart C  q quit',
      '',
      ...happenings,
    ]);
  });

  it('fits 80 columns, with large values and long happenings too', () => {
    const look = { price: 12345, ageMs: 59_999, peers: 9, gaps: 9999, repaired: 9999, resyncs: 999, dropped: 999_999 };
    const large: LiveRow = {
      name: 'C',
      port: 31_003,
      seen: sighting({ ...look, status: 'isolated' }, { staleSince: 1 }),
    };
    const lines = liveTable({ rows: [large], commands, happenings: ['x'.repeat(200)] }, plain);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines[1]).toContain('12345 STALE');
    expect(lines.at(-1)).toMatch(/^x{79}…$/);
  });

  it('marks what is stale, what is on, and who is not well', () => {
    const text = liveTable({ rows, commands, happenings: [] }, marked).join('\n');
    expect(text).toMatch(/<bold,red>246 STALE *<\/>/);
    expect(text).toContain('l</> 20 % loss: <bold,red>on</>');
    expect(text).toContain('<yellow>isolated</>');
    expect(text).toContain('<red>ended</>');
    expect(text).not.toMatch(/<[a-z,]+>266/);
  });
});
