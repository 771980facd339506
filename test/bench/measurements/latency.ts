import type { Bench, Contest, Contestant, Runner } from '../harness/measurement.js';
import { Stream, type StreamPlan } from '../harness/stream.js';
import { quantile } from '../loss/figures.js';

const COUNT = 2000;
const EVERY_MS = 1;

async function open(plan: StreamPlan, bench: Bench): Promise<Runner> {
  const stream = await Stream.open({ ...plan, hear: 'latency', pattern: 'at:*' }, bench);
  const due = Math.ceil(COUNT * bench.scale);
  return {
    async measure() {
      const [heard] = await stream.send(due, 'pace', EVERY_MS);
      const latencies = [...(heard?.latencies ?? [])].sort((one, other) => one - other);
      const figures = { median: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) };
      return { figures, due, lost: due - latencies.length };
    },
    close: () => stream.close(),
  };
}

/** One of a measurement of latencies. */
export function latencyContestant(name: string, plan: StreamPlan): Contestant {
  return { name, ...(plan.needs && { needs: plan.needs }), open: (bench) => open(plan, bench) };
}

/** V8 is done with its work on paths that are taken 1000 times a second after some 5000 events, in every contestant. */
export const LATENCY_WARM_UPS = 3;

export const LATENCY_FIGURES = [
  { name: 'median', unit: 'µs' },
  { name: 'p99', unit: 'µs' },
] as const;

export const LATENCY: Contest = {
  kind: 'contest',
  name: 'latency',
  title: '`emit` → `@EventPattern` handler, idle, 1000 events/s',
  figures: LATENCY_FIGURES,
  warmUps: LATENCY_WARM_UPS,
  contestants: [
    latencyContestant('nestjs-mesh', { kind: 'mesh' }),
    latencyContestant('Redis', { kind: 'redis', needs: 'redis' }),
    latencyContestant('NATS', { kind: 'nats', needs: 'nats' }),
    latencyContestant('TCP', { kind: 'tcp' }),
    latencyContestant('raw dgram', { kind: 'raw-json' }),
  ],
  goals: [
    { figure: 'median', against: 'Redis', atMost: 0.5 },
    { figure: 'median', against: 'raw dgram', atMost: 1.75 },
    { figure: 'p99', against: 'Redis', atMost: 1 },
  ],
};
