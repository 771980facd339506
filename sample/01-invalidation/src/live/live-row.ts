import type { Instance } from '../story/instance.js';
import type { Sighting } from './sighting.js';

/** How an instance stands now: as it was seen, or why it was not. */
export interface LiveRow {
  readonly name: string;
  readonly port: number;
  readonly seen: Sighting | 'starting' | 'silent' | 'ended';
}

/** Who has not answered for so long is not shown as it was. */
const SILENT_MS = 1500;

type Process = Pick<Instance, 'name' | 'port' | 'running' | 'changedAt'>;

export function rowOf(process: Process, sighting: Sighting | undefined, now: number): LiveRow {
  const { name, port, running, changedAt } = process;
  // What is older than the process, or than its end, is of the one before. After its end another terminal may have one.
  const seenAt = sighting !== undefined && sighting.at > changedAt ? sighting.at : undefined;
  if (sighting !== undefined && seenAt !== undefined && now - seenAt < SILENT_MS) return { name, port, seen: sighting };
  if (!running) return { name, port, seen: 'ended' };
  return { name, port, seen: seenAt === undefined ? 'starting' : 'silent' };
}
