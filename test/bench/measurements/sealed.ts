import type { Contest } from '../harness/measurement.js';
import { RATE_WARM_UPS, rateContestant } from '../harness/rate.js';
import { timedContestant } from '../harness/timed.js';
import { LATENCY_FIGURES, LATENCY_WARM_UPS, latencyContestant } from './latency.js';

const CHUNK = 2048;
const SECRET = 'a secret of the bench, and of nobody else';

export const SEALED: Contest = {
  kind: 'contest',
  name: 'sealed',
  title: '`bus.publish(keys)` → `bus.subscribe` listener, sealed and plain',
  figures: [{ name: 'rate', unit: 'keys/s' }],
  warmUps: RATE_WARM_UPS,
  contestants: [
    rateContestant('sealed', 'rate', { kind: 'bus', chunk: CHUNK, secret: SECRET }),
    rateContestant('plain', 'rate', { kind: 'bus', chunk: CHUNK }),
  ],
  goals: [{ figure: 'rate', against: 'plain', atLeast: 0.6 }],
};

export const SEALED_LATENCY: Contest = {
  kind: 'contest',
  name: 'sealed-latency',
  title: '`emit` → `@EventPattern` handler, idle, 1000 events/s, sealed and plain',
  figures: LATENCY_FIGURES,
  warmUps: LATENCY_WARM_UPS,
  contestants: [
    latencyContestant('sealed', { kind: 'mesh', secret: SECRET }),
    latencyContestant('plain', { kind: 'mesh' }),
    latencyContestant('raw dgram, AES-256-GCM', { kind: 'raw-gcm' }),
    latencyContestant('raw dgram', { kind: 'raw-json' }),
  ],
  goals: [{ figure: 'median', against: 'plain', atMost: 1.2 }],
};

export const SEALED_FORGERY: Contest = {
  kind: 'contest',
  name: 'sealed-forgery',
  title: 'a forged datagram of 300 bytes: by a stranger, by one in a flood, in the name of a member',
  figures: [
    { name: 'stranger', unit: 'µs' },
    { name: 'flood', unit: 'µs' },
    { name: 'member', unit: 'µs' },
  ],
  warmUps: 2,
  contestants: [timedContestant('nestjs-mesh', 'forgery', 'node', 20_000)],
  goals: [
    { figure: 'stranger', atMost: 15 },
    { figure: 'flood', atMost: 15 },
    { figure: 'member', atMost: 15 },
  ],
};
