import type { Bench, Contestant, Runner } from './measurement.js';
import { child } from './stream.js';

/** Code that is timed in a process of its own, over so many calls in a round. */
export function timedContestant(name: string, script: string, kind: string, calls: number): Contestant {
  async function open({ scale }: Bench): Promise<Runner> {
    const process = child(script, { kind });
    return {
      async measure() {
        const figures = (await process.call('time', Math.ceil(calls * scale))) as Readonly<Record<string, number>>;
        return { figures, due: 0, lost: 0 };
      },
      close: () => process.kill(),
    };
  }
  return { name, open };
}
