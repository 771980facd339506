/** What one contestant did at one loss and one pace. */
export interface Figures {
  /** From publish to handler, in milliseconds, of each round. */
  readonly rounds: readonly (readonly number[])[];
  readonly publishes: number;
  /** Those who should hear each of them. */
  readonly receivers: number;
  /** Events that should have been heard, one for each that hears. */
  readonly due: number;
  readonly nacks: number;
  readonly repairs: number;
  readonly resyncs: number;
  /** That all hosts put on the network. */
  readonly bytes: number;
  /** Packets that the kernels dropped. */
  readonly dropped: number;
}

/** The latency that this share did not exceed; `NaN` of none. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export function milliseconds(value: number): string {
  if (Number.isNaN(value)) return '–';
  if (value >= 10_000) return `${(value / 1000).toFixed(1)} s`;
  return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}

export const LATENCY_HEADS = [
  ...['loss', 'deliveries', 'median', 'p99 (of each round)', 'p99.9', 'max', 'NACKs per publish and receiver'],
  ...['undelivered', 'resyncs', 'bytes sent per publish'],
] as const;

export function latencyRow(loss: string, figures: Figures): readonly string[] {
  const all = sorted(figures.rounds.flat());
  const p99s = figures.rounds.map((round) => quantile(sorted(round), 0.99));
  const spread = `${milliseconds(Math.min(...p99s))} to ${milliseconds(Math.max(...p99s))}`;
  return [
    loss,
    String(all.length),
    milliseconds(quantile(all, 0.5)),
    `${milliseconds(quantile(all, 0.99))} (${spread})`,
    milliseconds(quantile(all, 0.999)),
    milliseconds(quantile(all, 1)),
    (figures.nacks / figures.publishes / figures.receivers).toFixed(4),
    lostShare(figures.due - all.length, figures.due),
    String(figures.resyncs),
    (figures.bytes / figures.publishes).toFixed(0),
  ];
}

/** A table of Markdown, laid out as Prettier does it. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heads.map((head, at) => Math.max(3, head.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const lines = [heads, widths.map((width) => '-'.repeat(width)), ...rows];
  const pad = (cell: string, at: number): string => cell.padEnd(widths[at] ?? 0);
  return lines.map((cells) => `| ${cells.map(pad).join(' | ')} |`).join('\n');
}

function lostShare(missing: number, due: number): string {
  return missing === 0 ? '0' : `${missing} (${((100 * missing) / due).toFixed(2)} %)`;
}

function sorted(values: readonly number[]): readonly number[] {
  return [...values].sort((one, other) => one - other);
}
