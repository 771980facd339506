import type { Contest } from '../harness/measurement.js';
import { timedContestant } from '../harness/timed.js';

export const MATCH: Contest = {
  kind: 'contest',
  name: 'match',
  title: 'one key against 1000 patterns, 900 exact ones and 100 globs',
  figures: [
    { name: 'time', unit: 'µs' },
    { name: 'rate', unit: 'keys/s' },
  ],
  warmUps: 2,
  contestants: [
    timedContestant('PatternIndex', 'match', 'index', 1_000_000),
    timedContestant('linear scan', 'match', 'scan', 20_000),
  ],
  goals: [{ figure: 'rate', against: 'linear scan', atLeast: 20 }],
};
