import type { Contest } from '../harness/measurement.js';
import { timedContestant } from '../harness/timed.js';

export const CODEC: Contest = {
  kind: 'contest',
  name: 'codec',
  title: 'a batch of 50 keys of 20 bytes',
  figures: [
    { name: 'encode', unit: 'µs' },
    { name: 'decode', unit: 'µs' },
  ],
  warmUps: 2,
  contestants: [timedContestant('nestjs-mesh', 'codec', 'codec', 50_000)],
  goals: [
    { figure: 'encode', atMost: 5 },
    { figure: 'decode', atMost: 5 },
  ],
};
