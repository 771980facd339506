import type { Contest } from '../harness/measurement.js';
import { RATE_WARM_UPS, rateContestant } from '../harness/rate.js';
import { timedContestant } from '../harness/timed.js';

export const THROUGHPUT: Contest = {
  kind: 'contest',
  name: 'throughput',
  title: '`emit` → `@EventPattern` handler, one sender and one receiver process',
  figures: [{ name: 'rate', unit: 'events/s' }],
  warmUps: RATE_WARM_UPS,
  contestants: [
    rateContestant('nestjs-mesh', 'rate', { kind: 'mesh' }),
    rateContestant('Redis', 'rate', { kind: 'redis', needs: 'redis' }),
    rateContestant('NATS', 'rate', { kind: 'nats', needs: 'nats' }),
    rateContestant('TCP', 'rate', { kind: 'tcp' }),
    timedContestant('Nest alone', 'nest-alone', 'loop', 300_000),
  ],
  goals: [
    { figure: 'rate', against: 'Redis', atLeast: 8 },
    { figure: 'rate', against: 'NATS', atLeast: 6 },
    { figure: 'rate', against: 'TCP', atLeast: 6 },
  ],
};
