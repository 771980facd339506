import type { Servers } from './servers.js';

/** A kind of server that a peer needs. */
export type ServerKind = 'redis' | 'nats';

/** One number that every sample of a measurement has. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
}

/** What one contestant did in one round. */
export interface Sample {
  readonly figures: Readonly<Record<string, number>>;
  /** Events that should have been heard, and how many of them were not. */
  readonly due: number;
  readonly lost: number;
}

/** What is there for every contestant. */
export interface Bench {
  /** By what all counts are multiplied. */
  readonly scale: number;
  readonly servers: Servers;
}

/** A contestant that is set up, and stays so while the others have their turns. */
export interface Runner {
  /** Once for each round, and at first to warm up. */
  measure(): Promise<Sample>;
  close(): Promise<void>;
}

export interface Contestant {
  readonly name: string;
  readonly needs?: ServerKind;
  open(bench: Bench): Promise<Runner>;
}

/** A bound on a figure of the first contestant, or on its ratio to a peer's. Exactly one of the two bounds is there. */
export interface Goal {
  readonly figure: string;
  /** The name of a peer. */
  readonly against?: string;
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** Contestants in turn, round by round; the first one is ours. */
export interface Contest {
  readonly kind: 'contest';
  readonly name: string;
  readonly title: string;
  readonly figures: readonly Figure[];
  readonly contestants: readonly Contestant[];
  readonly goals: readonly Goal[];
  /** Of rounds that warm up and do not count. */
  readonly warmUps: number;
  /** Why it can not be measured. */
  readonly leftOut?: string;
}

/** What comes out the same each time, and so has no rounds. */
export interface Survey {
  readonly kind: 'survey';
  readonly name: string;
  readonly title: string;
  take(bench: Bench): Promise<SurveyResult>;
}

export interface SurveyResult {
  readonly heads: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  readonly notes: readonly string[];
}

export type Measurement = Contest | Survey;
