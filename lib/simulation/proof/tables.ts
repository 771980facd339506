import { milliseconds } from './latencies.js';
import { type IdleRow, type LatencyRow, type Load, LOADS, measureIdle, measureLatency } from './measure.js';

const LOSSES = [0, 0.01, 0.1, 0.3] as const;
const SEED = 1;
/** With how many peers, and how long they are watched: a heartbeat takes five seconds. */
const IDLE: readonly (readonly [peers: number, overMs: number])[] = [
  [2, 60_000],
  [10, 60_000],
  [100, 60_000],
  [1000, 5000],
];

interface Measured {
  readonly load: Load;
  readonly loss: number;
  readonly row: LatencyRow;
}

/** The simulated tables of docs/reliability.md, one after the other, as they are done. */
export function* reliabilityTables(): Generator<string> {
  for (const multicast of [true, false]) {
    const measured = LOADS.flatMap((load) =>
      LOSSES.map((loss): Measured => ({ load, loss, row: measureLatency(load, loss, multicast, SEED) })),
    );
    yield `From publish to handler, simulated: 5 nodes, 1 ms round trip, by ${way(multicast)}\n\n${latencyTable(measured)}`;
    yield `Bytes on the wire for each byte of batches, by ${way(multicast)}\n\n${bytesTable(measured)}`;
  }
  for (const multicast of [true, false]) {
    const rows = IDLE.map(([peers, overMs]) => measureIdle(peers, multicast, overMs));
    yield `Idle, for each node, when all have published once, by ${way(multicast)}\n\n${idleTable(rows)}`;
  }
}

function way(multicast: boolean): string {
  return multicast ? 'multicast' : 'unicast';
}

function latencyTable(measured: readonly Measured[]): string {
  const head = ['traffic', 'loss', 'median', 'p99', 'p99.9', 'max', 'NACKs per delivery', 'resyncs', 'undelivered'];
  const rows = measured.map(({ load, loss, row }) => [
    load.name,
    percent(loss),
    ...[row.medianMs, row.p99Ms, row.p999Ms, row.maxMs].map(milliseconds),
    row.nacksPerDelivery.toFixed(4),
    String(row.resyncs),
    String(row.undelivered),
  ]);
  return markdown(head, rows);
}

function bytesTable(measured: readonly Measured[]): string {
  const head = ['traffic', 'loss', 'repairs', 'NACKs, beacons, acks, resyncs'];
  const rows = measured.map(({ load, loss, row }) => [
    load.name,
    percent(loss),
    (row.repairBytes / row.eventBytes).toFixed(3),
    (row.askingBytes / row.eventBytes).toFixed(3),
  ]);
  return markdown(head, rows);
}

function idleTable(rows: readonly IdleRow[]): string {
  const head = ['peers', 'datagrams sent/s', 'B sent/s', 'B received/s'];
  return markdown(
    head,
    rows.map((row) => [
      String(row.peers),
      row.sentPerSecond.toFixed(2),
      row.sentBytesPerSecond.toFixed(0),
      row.receivedBytesPerSecond.toFixed(0),
    ]),
  );
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
