import type { Growth } from '../harness/measure-growth.js';
import type { Bench, Survey, SurveyResult } from '../harness/measurement.js';
import { child } from '../harness/stream.js';

const SIZES = [2, 10, 100, 1000] as const;

/** What is looked at. */
const CURVES: readonly (readonly [title: string, of: (row: Growth) => number])[] = [
  ['bytes that an idle node sends', ({ idleBytes }) => idleBytes],
  ['bytes that an idle node receives', ({ idleReceivedBytes }) => idleReceivedBytes],
  ['datagrams of a publish', ({ publishDatagrams }) => publishDatagrams],
];
/** By how much more the exponent of growth is where a curve bends. */
const BEND = 0.25;

async function take({ scale }: Bench): Promise<SurveyResult> {
  const sizes = SIZES.filter((size) => size <= Math.max(10, 1000 * scale));
  // Both ways at once, each in a process of its own: what comes out does not depend on how long it takes.
  const [multicast, unicast] = await Promise.all([measureAll(sizes, true), measureAll(sizes, false)]);
  const rows = [...multicast, ...unicast];
  return {
    heads: [
      ...['way', 'nodes', 'idle: datagrams sent/s', 'B sent/s', 'B received/s'],
      ...['a publish: datagrams of all', 'of those not by the publisher', 'B of all', 'B for each node'],
    ],
    rows: rows.map((row) => [
      ...[wayOf(row), String(row.nodes), row.idleDatagrams, row.idleBytes, row.idleReceivedBytes],
      ...[row.publishDatagrams, row.answerDatagrams, row.publishBytes, row.publishBytes / row.nodes],
    ]),
    notes: [multicast, unicast].flatMap((curve) => CURVES.map(([title, of]) => bend(title, curve, of))),
  };
}

async function measureAll(sizes: readonly number[], multicast: boolean): Promise<readonly Growth[]> {
  const rows: Growth[] = [];
  for (const nodes of sizes) {
    const process = child('growth', { nodes, multicast });
    try {
      rows.push((await process.call('measure')) as Growth);
    } finally {
      await process.kill();
    }
  }
  return rows;
}

/** Says with which power of the number of peers p a figure grows, from one size to the next, and where that changes. */
function bend(title: string, rows: readonly Growth[], of: (row: Growth) => number): string {
  const exponents = rows.slice(1).map((row, index) => {
    const previous = rows[index]!;
    return Math.log(of(row) / of(previous)) / Math.log((row.nodes - 1) / (previous.nodes - 1));
  });
  const steps = exponents.map(
    (exponent, index) => `p^${exponent.toFixed(2)} to ${rows[index + 1]?.nodes ?? '?'} nodes`,
  );
  const bends = exponents.flatMap((exponent, index) =>
    index > 0 && exponent - exponents[index - 1]! > BEND ? [rows[index]?.nodes ?? '?'] : [],
  );
  const verdict = bends.length === 0 ? 'no bend upwards' : `bends upwards at ${bends.join(' and ')} nodes`;
  return `${wayOf(rows[0]!)}, ${title}: ${steps.join(', ')}; ${verdict}`;
}

function wayOf({ multicast }: Growth): string {
  return multicast ? 'multicast' : 'unicast';
}

export const GROWTH: Survey = {
  kind: 'survey',
  name: 'growth',
  title: 'cost of a publish, and of a node that idles, by the number of nodes',
  take,
};
