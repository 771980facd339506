import type { Style } from '../story/report.js';
import type { Command } from './commands.js';
import type { LiveRow } from './live-row.js';
import type { Sighting } from './sighting.js';

export interface LiveView {
  readonly rows: readonly LiveRow[];
  readonly commands: readonly Pick<Command, 'key' | 'does' | 'isOn'>[];
  /** The latest last. */
  readonly happenings: readonly string[];
}

export type Paint = (style: Style, text: string) => string;

interface Column {
  readonly title: string;
  readonly width: number;
  readonly alignsRight: boolean;
  readonly valueOf: (sighting: Sighting) => string;
}

const WIDTH = 80;
const GAP = '  ';

const INSTANCE = text('instance', 8, () => '');
const VALUE = text(
  'product:1',
  11,
  ({ look, staleSince }) => `${look.price}${staleSince === undefined ? '' : ' STALE'}`,
);
const STATUS = text('status', 8, ({ look }) => look.status);
const COLUMNS: readonly Column[] = [
  INSTANCE,
  VALUE,
  number('age', 6, ({ look }) => `${(look.ageMs / 1000).toFixed(1)} s`),
  number('peers', 5, ({ look }) => String(look.peers)),
  number('dropped', 7, ({ look }) => String(look.network.dropped)),
  number('gaps', 4, ({ look }) => String(look.gaps)),
  number('repairs', 7, ({ look }) => String(look.repaired)),
  number('resyncs', 7, ({ look }) => String(look.resyncs)),
  STATUS,
];

/** In lines of at most 80 columns. */
export function liveTable({ rows, commands, happenings }: LiveView, paint: Paint): readonly string[] {
  return [...instanceTable(rows, paint), '', commandLine(commands, paint), '', ...happenings.map(shortened)];
}

/** The head and a row for each instance. */
export function instanceTable(rows: readonly LiveRow[], paint: Paint): readonly string[] {
  const head = COLUMNS.map((column) => lay(column, column.title)).join(GAP);
  return [paint('dim', head.trimEnd()), ...rows.map((row) => line(row, paint))];
}

function line({ name, port, seen }: LiveRow, paint: Paint): string {
  const cells = COLUMNS.map((column) => {
    if (column === INSTANCE) return lay(column, `${name} :${port}`);
    if (typeof seen !== 'string') return paintCell(column, seen, paint);
    return column === STATUS ? paint('red', seen) : lay(column, '-');
  });
  return cells.join(GAP).trimEnd();
}

function paintCell(column: Column, sighting: Sighting, paint: Paint): string {
  const cell = lay(column, column.valueOf(sighting));
  if (column === VALUE && sighting.staleSince !== undefined) return paint(['bold', 'red'], cell);
  return column === STATUS && sighting.look.status !== 'ready' ? paint('yellow', cell) : cell;
}

function commandLine(commands: LiveView['commands'], paint: Paint): string {
  const parts = commands.map(({ key, does, isOn }) => {
    const state = isOn === undefined ? '' : isOn() ? `: ${paint(['bold', 'red'], 'on')}` : ': off';
    return `${paint('bold', key)} ${does}${state}`;
  });
  return [...parts, `${paint('bold', 'q')} quit`].join(GAP);
}

function lay({ width, alignsRight }: Column, cell: string): string {
  return alignsRight ? cell.padStart(width) : cell.padEnd(width);
}

function shortened(happening: string): string {
  return happening.length > WIDTH ? `${happening.slice(0, WIDTH - 1)}…` : happening;
}

function text(title: string, width: number, valueOf: Column['valueOf']): Column {
  return { title, width, alignsRight: false, valueOf };
}

function number(title: string, width: number, valueOf: Column['valueOf']): Column {
  return { title, width, alignsRight: true, valueOf };
}
