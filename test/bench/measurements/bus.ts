import type { Contest } from '../harness/measurement.js';
import { RATE_WARM_UPS, rateContestant } from '../harness/rate.js';

const CHUNK = 2048;

export const BUS: Contest = {
  kind: 'contest',
  name: 'bus',
  title: '`bus.publish(keys)` → `bus.subscribe` listener, keys of 20 bytes',
  figures: [{ name: 'rate', unit: 'keys/s' }],
  warmUps: RATE_WARM_UPS,
  contestants: [
    rateContestant('nestjs-mesh', 'rate', { kind: 'bus', chunk: CHUNK }),
    rateContestant('raw dgram', 'rate', { kind: 'raw', chunk: CHUNK }),
  ],
  goals: [{ figure: 'rate', atLeast: 1_500_000 }],
};
