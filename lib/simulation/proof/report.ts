import { type FlightLine, FlightRecorder, type Focus } from './flight-recorder.js';
import type { Violation } from './oracle.js';
import { type Outcome, runProof } from './run-proof.js';
import type { Scenario } from './scenario.js';

const SHOWN_OF_A_KIND = 3;
const LINES_SHOWN = 70;
const LAST_LINES_SHOWN = 15;
/** What happened shortly before is part of the story. */
const BEFORE_MS = 60;

/** What failed, in words, with the flight of what was missed first. The run is repeated to see it. */
export function failureReport(scenario: Scenario, outcome: Outcome): string {
  const { seed, violations } = outcome;
  const shown = [...new Set(violations.map(({ kind }) => kind))].flatMap((kind) => someOf(violations, kind));
  const first = violations.find(({ node }) => node !== undefined);
  return [
    `${scenario.name}, seed ${seed}: ${violations.length} broken promises among ${outcome.nodes} nodes, ${outcome.writes} writes`,
    ...shown,
    `  resyncs ${JSON.stringify(outcome.resyncs)}, ${outcome.dropped} datagrams dropped`,
    ...(first === undefined ? [] : flightOf(scenario, seed, first)),
    `  again: npm run sim -- --scenario ${scenario.name} --seed ${seed}${focusOptions(first)}`,
  ].join('\n');
}

function someOf(violations: readonly Violation[], kind: Violation['kind']): string[] {
  const ofKind = violations.filter((violation) => violation.kind === kind);
  const lines = ofKind.slice(0, SHOWN_OF_A_KIND).map(({ text }) => `  ${kind}: ${text}`);
  return ofKind.length === lines.length ? lines : [...lines, `  … and ${ofKind.length - lines.length} more`];
}

function flightOf(scenario: Scenario, seed: number, violation: Violation): string[] {
  const recorder = new FlightRecorder(focusOf(violation));
  runProof(scenario, seed, recorder);
  const from = (violation.since ?? 0) - BEFORE_MS;
  const later = telling(recorder.lines).filter(({ at }) => at >= from);
  const shown = later.length <= LINES_SHOWN ? later : later.slice(0, LINES_SHOWN - LAST_LINES_SHOWN);
  const last = later.length <= LINES_SHOWN ? [] : later.slice(-LAST_LINES_SHOWN);
  return [
    `  flight of ${violation.origin ?? 'all'} at ${violation.node ?? 'all'} from ${from.toFixed(2)} ms:`,
    ...shown.map(lineText),
    ...(last.length === 0 ? [] : [`    … ${later.length - shown.length - last.length} lines`, ...last.map(lineText)]),
  ];
}

/** In a report it is enough to see what became of each datagram; of what is said again and again, only what is new. */
function telling(lines: readonly FlightLine[]): FlightLine[] {
  const last = new Map<string, string>();
  return lines.filter(({ text }) => {
    if (/^\S+ +sent /.test(text)) return false;
    const routine = / (heartbeat|hello|ping|pong) ?/.exec(text);
    if (routine === null) return true;
    const beginning = text.slice(0, routine.index + routine[0].length);
    const isNew = last.get(beginning) !== text;
    last.set(beginning, text);
    return isNew;
  });
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
