import { type FlightLine, FlightRecorder, type Focus } from './flight-recorder.js';
import type { Violation } from './oracle.js';
import { type Outcome, runProof } from './run-proof.js';
import type { Scenario } from './scenario.js';

const VIOLATIONS_SHOWN = 6;
const LINES_SHOWN = 70;
const LAST_LINES_SHOWN = 15;
/** What happened shortly before is part of the story. */
const BEFORE_MS = 60;

/** What failed, in words, with the flight of what was missed first. The run is repeated to see it. */
export function failureReport(scenario: Scenario, outcome: Outcome): string {
  const { seed, violations } = outcome;
  const shown = violations.slice(0, VIOLATIONS_SHOWN).map(({ kind, text }) => `  ${kind}: ${text}`);
  if (violations.length > shown.length) shown.push(`  … and ${violations.length - shown.length} more`);
  const first = violations.find(({ node }) => node !== undefined);
  return [
    `${scenario.name}, seed ${seed}: ${violations.length} broken promises among ${outcome.nodes} nodes, ${outcome.writes} writes`,
    ...shown,
    `  resyncs ${JSON.stringify(outcome.resyncs)}, ${outcome.dropped} datagrams dropped`,
    ...(first === undefined ? [] : flightOf(scenario, seed, first)),
    `  again: npm run sim -- --scenario ${scenario.name} --seed ${seed}${focusOptions(first)}`,
  ].join('\n');
}

function flightOf(scenario: Scenario, seed: number, violation: Violation): string[] {
  const recorder = new FlightRecorder(focusOf(violation));
  runProof(scenario, seed, recorder);
  const from = (violation.since ?? 0) - BEFORE_MS;
  const later = recorder.lines.filter(isTelling).filter(({ at }) => at >= from);
  const shown = later.length <= LINES_SHOWN ? later : later.slice(0, LINES_SHOWN - LAST_LINES_SHOWN);
  const last = later.length <= LINES_SHOWN ? [] : later.slice(-LAST_LINES_SHOWN);
  return [
    `  flight of ${violation.origin ?? 'all'} at ${violation.node ?? 'all'} from ${from.toFixed(2)} ms:`,
    ...shown.map(lineText),
    ...(last.length === 0 ? [] : [`    … ${later.length - shown.length - last.length} lines`, ...last.map(lineText)]),
  ];
}

/** In a report it is enough to see what became of each datagram; heartbeats only where they say something new. */
function isTelling({ text }: FlightLine, index: number, lines: readonly FlightLine[]): boolean {
  if (/^\S+ +sent /.test(text)) return false;
  if (!text.includes(' heartbeat ')) return true;
  const way = text.slice(0, text.indexOf('heartbeat'));
  return lines.slice(0, index).findLast((line) => line.text.startsWith(`${way}heartbeat`))?.text !== text;
}

export function lineText({ at, text }: FlightLine): string {
  return `    ${at.toFixed(2).padStart(10)} ${text}`;
}

function focusOf({ node, origin, key }: Violation): Focus {
  return { node, origin, key };
}

function focusOptions(violation: Violation | undefined): string {
  if (violation === undefined) return '';
  const { node, origin, key } = violation;
  const parts = [node && `--node ${node}`, origin && `--origin ${origin}`, key && `--key ${key}`];
  return ` --trace ${parts.filter((part) => part !== undefined && part !== '').join(' ')}`;
}
