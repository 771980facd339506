import type { Contest } from '../harness/measurement.js';
import { RATE_WARM_UPS, rateContestant } from '../harness/rate.js';

export const FANOUT: Contest = {
  kind: 'contest',
  name: 'fanout',
  title: '`emit` → `@EventPattern` handler, one sender and three receiver processes, which all hear everything',
  figures: [{ name: 'rate', unit: 'events/s' }],
  warmUps: RATE_WARM_UPS,
  contestants: [
    rateContestant('nestjs-mesh', 'rate', { kind: 'mesh', receivers: 3 }),
    rateContestant('Redis', 'rate', { kind: 'redis', needs: 'redis', receivers: 3 }),
    rateContestant('NATS', 'rate', { kind: 'nats', needs: 'nats', receivers: 3 }),
  ],
  goals: [{ figure: 'rate', against: 'Redis', atLeast: 8 }],
};
