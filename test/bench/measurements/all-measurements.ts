import type { Measurement } from '../harness/measurement.js';
import { BATCH } from './batch.js';
import { BUS } from './bus.js';
import { CODEC } from './codec.js';
import { FANOUT } from './fanout.js';
import { GROWTH } from './growth.js';
import { LATENCY } from './latency.js';
import { MATCH } from './match.js';
import { MEMORY } from './memory.js';
import { SEALED, SEALED_FORGERY, SEALED_LATENCY } from './sealed.js';
import { START } from './start.js';
import { THROUGHPUT } from './throughput.js';
import { UNMATCHED } from './unmatched.js';

export const MEASUREMENTS: readonly Measurement[] = [
  ...[THROUGHPUT, FANOUT, BATCH, BUS, LATENCY],
  ...[UNMATCHED, MATCH, CODEC, MEMORY, START, GROWTH],
  ...[SEALED, SEALED_LATENCY, SEALED_FORGERY],
];
