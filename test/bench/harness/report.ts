import { table } from '../loss/figures.js';
import type { ContestantResult, ContestResult } from './contest.js';
import { describeGoal } from './goals.js';
import type { Contest, Figure, Survey, SurveyResult } from './measurement.js';
import type { Summary } from './statistics.js';

/** A contest as Markdown. */
export function contestReport(contest: Contest, result: ContestResult): string {
  const { figures } = contest;
  const hasPeers = result.contestants.length > 1;
  const heads = ['', ...figures.flatMap(({ name, unit }) => [`${name}, ${unit}`, ...(hasPeers ? ['ours / it'] : [])])];
  const rows = result.contestants.map((one) => [
    one.name,
    ...figures.flatMap((figure) => [spread(one, figure), ...(hasPeers ? [ratio(one, figure)] : [])]),
    losses(one),
  ]);
  return [
    heading(result.name, result.title, `load ${result.load.toFixed(2)}`),
    ...result.leftOut.map((reason) => `LEFT OUT: ${reason}\n`),
    ...(rows.length > 0 ? [table([...heads, 'lost'], rows), ''] : []),
    ...result.goals.map((goal) => `goal: ${describeGoal(goal)}`),
  ].join('\n');
}

export function surveyReport(survey: Survey, { heads, rows, notes }: SurveyResult): string {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? readable(cell) : cell)));
  return [heading(survey.name, survey.title, 'simulated'), table(heads, cells), '', ...notes].join('\n');
}

/** Three digits, and thousands apart. */
export function readable(value: number): string {
  if (Number.isNaN(value)) return '–';
  const digits = Math.abs(value) >= 1000 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 };
  return value.toLocaleString('en', digits);
}

function heading(name: string, title: string, detail: string): string {
  return `\n## ${name}: ${title} (${detail})\n`;
}

function spread({ summaries }: ContestantResult, { name }: Figure): string {
  const { median, min, max }: Summary = summaries[name] ?? { median: Number.NaN, min: Number.NaN, max: Number.NaN };
  return `${readable(median)} (${readable(min)} to ${readable(max)})`;
}

function ratio({ ratios }: ContestantResult, { name }: Figure): string {
  const value = ratios[name];
  return value === undefined ? '' : `${readable(value)} ×`;
}

function losses({ due, lost }: ContestantResult): string {
  if (due === 0) return '–';
  return lost === 0 ? '0' : `LOST ${lost} of ${due}`;
}
