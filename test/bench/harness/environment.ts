import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import type { Servers } from './servers.js';

/** What the bench ran on. */
export interface Environment {
  readonly node: string;
  readonly cpu: string;
  readonly cpuCount: number;
  readonly kernel: string;
  readonly memoryBytes: number;
  /** What the kernel gives a socket by itself, and at most. */
  readonly receiveBufferBytes: number | undefined;
  readonly maxReceiveBufferBytes: number | undefined;
  /** The mean number of runnable processes over the last minute, before the first measurement. */
  readonly load: number;
  readonly redis: string | undefined;
  readonly nats: string | undefined;
}

export function environment(servers: Servers): Environment {
  return {
    node: process.version,
    cpu: cpus()[0]?.model ?? 'unknown',
    cpuCount: cpus().length,
    kernel: `${process.platform} ${release()}`,
    memoryBytes: totalmem(),
    receiveBufferBytes: kernelSetting('rmem_default'),
    maxReceiveBufferBytes: kernelSetting('rmem_max'),
    load: load(),
    redis: servers.version('redis'),
    nats: servers.version('nats'),
  };
}

export function load(): number {
  return loadavg()[0] ?? Number.NaN;
}

export function describeEnvironment(where: Environment): string {
  const buffers = `${where.receiveBufferBytes ?? '?'} (at most ${where.maxReceiveBufferBytes ?? '?'})`;
  return [
    `Node ${where.node}, ${where.cpuCount} × ${where.cpu}, ${where.kernel}`,
    `socket buffer ${buffers} bytes, load ${where.load.toFixed(2)} before`,
    `redis: ${where.redis ?? 'MISSING'}`,
    `nats: ${where.nats ?? 'MISSING'}`,
  ].join('\n');
}

function kernelSetting(name: string): number | undefined {
  try {
    return Number(readFileSync(`/proc/sys/net/core/${name}`, 'utf8'));
  } catch {
    return undefined;
  }
}
