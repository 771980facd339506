import { parseArgs } from 'node:util';

import type { BurstConditions } from '../burst-loss.js';
import { TRAFFIC_STYLES, type TrafficStyle } from './traffic-style.js';

/** What a user may ask for on the command line. */
export interface SimulationOptions {
  readonly nodes: number;
  readonly seed: number;
  readonly seconds: number;
  readonly loss: number;
  readonly burst: BurstConditions | undefined;
  readonly duplication: number;
  readonly reordering: number;
  readonly latencyMs: number;
  readonly heartbeatMs: number;
  readonly multicast: boolean;
  /** Half of the nodes are cut off from the others for that long, after a third of the time. */
  readonly partitionSeconds: number;
  readonly traffic: TrafficStyle;
  /** One of the proof instead, which draws all of the above from the seed. */
  readonly scenario: string | undefined;
  readonly trace: { readonly node?: string; readonly origin?: string; readonly key?: string } | undefined;
}

export const SIMULATION_HELP = `npm run sim -- [options]

Runs a mesh on a virtual clock, with a cache on every node that is written and read, and judges whether anything stays
stale. The same options give the same run. Ends with 1 when a promise was broken, or when nothing was lost.

  --nodes N           how many nodes (5)
  --seconds N         how long they write (60); then the network heals, and all come to rest
  --seed N            the chance of it all (1)
  --loss P            how much is lost, 0 to 1 (0.1); 0 is a run without any
  --burst E,L,P       loss in bursts: per datagram a link falls ill by E, recovers by L, and loses P while ill
  --duplicate P       how much arrives twice (0)
  --reorder P         how much takes up to ten times as long (0)
  --latency MS        one way (0.5)
  --partition S       cuts half of the nodes off from the others for S seconds
  --traffic STYLE     ${TRAFFIC_STYLES.join(', ')} (steady)
  --heartbeat MS      (5000)
  --unicast           without a multicast group
  --scenario NAME     one scenario of the proof instead; it draws the rest from the seed
  --list              the names of all scenarios
  --trace             prints what happens, of --node n3, of --origin n0, and of --key g1:2 where they are given
`;

export interface SimulationCommand {
  readonly show: 'help' | 'list' | 'run';
  readonly options: SimulationOptions;
}

const TEXT = { type: 'string' } as const;
const SWITCH = { type: 'boolean', default: false } as const;

/** @throws TypeError, RangeError that say what is wrong */
export function parseSimulation(args: readonly string[]): SimulationCommand {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ nodes: TEXT, seconds: TEXT, seed: TEXT, loss: TEXT, burst: TEXT, duplicate: TEXT, reorder: TEXT },
      ...{ latency: TEXT, partition: TEXT, traffic: TEXT, heartbeat: TEXT, scenario: TEXT },
      ...{ node: TEXT, origin: TEXT, key: TEXT, trace: SWITCH, unicast: SWITCH, list: SWITCH, help: SWITCH },
    },
  });
  const { node, origin, key } = values;
  const focus = { ...(node && { node }), ...(origin && { origin }), ...(key && { key }) };
  return {
    show: values.help ? 'help' : values.list ? 'list' : 'run',
    options: {
      nodes: number('nodes', values.nodes, 5, [2, 5000]),
      seed: number('seed', values.seed, 1, [0, 2 ** 32 - 1]),
      seconds: number('seconds', values.seconds, 60, [1, 86_400]),
      loss: number('loss', values.loss, 0.1, [0, 1]),
      burst: values.burst === undefined ? undefined : parseBurst(values.burst),
      duplication: number('duplicate', values.duplicate, 0, [0, 1]),
      reordering: number('reorder', values.reorder, 0, [0, 1]),
      latencyMs: number('latency', values.latency, 0.5, [0, 10_000]),
      heartbeatMs: number('heartbeat', values.heartbeat, 5000, [100, 20_000]),
      multicast: !values.unicast,
      partitionSeconds: number('partition', values.partition, 0, [0, 86_400]),
      traffic: parseTraffic(values.traffic ?? 'steady'),
      scenario: values.scenario,
      trace: values.trace ? focus : undefined,
    },
  };
}

function number(name: string, text: string | undefined, usual: number, [low, high]: readonly [number, number]): number {
  if (text === undefined) return usual;
  const value = Number(text);
  if (text.trim() !== '' && value >= low && value <= high) return value;
  throw new RangeError(`--${name} ${text}: a number from ${low} to ${high} would be right`);
}

function parseBurst(text: string): BurstConditions {
  const parts = text.split(',');
  if (parts.length !== 3) throw new RangeError(`--burst ${text}: three numbers would be right, as 0.02,0.2,1`);
  const [enter, leave, loss] = parts.map((part) => number('burst', part, 0, [0, 1]));
  return { enter: enter ?? 0, leave: leave ?? 0, loss: loss ?? 0 };
}

function parseTraffic(text: string): TrafficStyle {
  const style = TRAFFIC_STYLES.find((one) => one === text);
  if (style !== undefined) return style;
  throw new RangeError(`--traffic ${text}: ${TRAFFIC_STYLES.join(', ')} would be right`);
}
