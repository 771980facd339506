import { setTimeout as pause } from 'node:timers/promises';
import type { Bench, Contest, Runner } from '../harness/measurement.js';
import { Stream } from '../harness/stream.js';

const COUNT = 200_000;
const IDLE_MS = 500;

interface Usage {
  readonly cpuMs: number;
  readonly at: number;
}

async function open(bench: Bench): Promise<Runner> {
  const plan = { kind: 'bus', receiverKind: 'mesh', pattern: 'nothing:*', chunk: 2048 };
  const stream = await Stream.open(plan, bench);
  const [receiver] = stream.receivers;
  const ask = (call: string, ...args: unknown[]): Promise<unknown> => receiver!.call(call, ...args);
  const due = Math.ceil(COUNT * bench.scale);
  return {
    async measure() {
      const idle = (await ask('usage')) as Usage;
      await pause(IDLE_MS);
      const before = (await ask('usage')) as Usage;
      const delivered = await ask('delivered');
      await stream.sender.call('emit', due);
      const count = (await ask('delivers', delivered, due)) as number;
      const after = (await ask('usage')) as Usage;
      const idleShare = (before.cpuMs - idle.cpuMs) / (before.at - idle.at);
      const spentMs = after.cpuMs - before.cpuMs - idleShare * (after.at - before.at);
      return { figures: { cpu: (spentMs / count) * 1000 }, due, lost: due - count };
    },
    close: () => stream.close(),
  };
}

export const UNMATCHED: Contest = {
  kind: 'contest',
  name: 'unmatched',
  title: 'CPU of a node that receives keys for which it has no handler, idling deducted',
  figures: [{ name: 'cpu', unit: 'ms per 1000 keys' }],
  warmUps: 2,
  contestants: [{ name: 'nestjs-mesh', open }],
  goals: [{ figure: 'cpu', atMost: 1 }],
};
