import { styleText } from 'node:util';

export type Style = Parameters<typeof styleText>[0];

const coloured = process.stdout.isTTY && process.env.NO_COLOR === undefined;

/** Colour for a terminal; plain text for everything else. */
export function styled(style: Style, text: string): string {
  // Node's own look at the environment finds no colour wherever CI is set, and only for a style that is no list.
  return coloured ? styleText(style, text, { validateStream: false }) : text;
}

export function say(text = ''): void {
  console.log(text);
}

/** Columns as wide as what is in them, with a blank line behind. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const lay = (row: readonly string[]): string =>
    `   ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('   ')}`.trimEnd();
  say(styled('dim', lay(head)));
  for (const row of rows) say(lay(row));
  say();
}

export function milliseconds(value: number): string {
  return `${value.toFixed(2)} ms`;
}

export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
