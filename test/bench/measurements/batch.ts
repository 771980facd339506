import * as mesh from 'nestjs-mesh';
import type { Contest } from '../harness/measurement.js';
import { RATE_WARM_UPS, rateContestant } from '../harness/rate.js';

export const BATCH: Contest = {
  kind: 'contest',
  name: 'batch',
  title: '`bus.publish(keys)` → `@MeshBatch` handler, one sender and one receiver process',
  figures: [{ name: 'rate', unit: 'events/s' }],
  warmUps: RATE_WARM_UPS,
  contestants: [rateContestant('nestjs-mesh', 'rate', { kind: 'bus', receiverKind: 'mesh-batch', hear: 'batch' })],
  goals: [{ figure: 'rate', atLeast: 1_000_000 }],
  ...(!('MeshBatch' in mesh) && { leftOut: 'nestjs-mesh has no MeshBatch yet' }),
};
