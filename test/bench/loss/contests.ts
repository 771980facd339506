/** How a contestant is told to publish. */
export interface Pace {
  readonly title: string;
  /** The mean of what lies between two publishes of one node. */
  readonly everyMs: number;
  /** Keys in one publish. */
  readonly keys: number;
  readonly forMs: number;
  /** Whether each node publishes, or one. */
  readonly everyone: boolean;
  /** So light that it leaves the machine idle: it is run at all losses at once, and others at one after the other. */
  readonly light?: boolean;
}

const ISOLATED: Pace = { title: 'isolated publish', everyMs: 300, keys: 1, forMs: 8000, everyone: true, light: true };
const TEN: Pace = { title: '10 batches/s', everyMs: 100, keys: 20, forMs: 3000, everyone: true };
const TEN_BARE: Pace = { title: '10 events/s', everyMs: 100, keys: 1, forMs: 3000, everyone: true, light: true };
const HUNDRED: Pace = { title: '100 batches/s', everyMs: 10, keys: 20, forMs: 2000, everyone: false };
const BURSTS: Pace = { title: 'bursts of 1000 keys', everyMs: 250, keys: 1000, forMs: 1500, everyone: false };

export interface Contest {
  readonly title: string;
  readonly script: URL;
  readonly options?: object;
  readonly paces: readonly Pace[];
  /** How long what is still missing is waited for, behind the last publish. */
  readonly patienceMs: number;
  /** How long it is waited for once nothing is lost any more: TCP pauses for up to a minute by then. */
  readonly recoveryMs: number;
  /** It needs a Redis, on a host of its own. */
  readonly broker?: boolean;
}

const script = (name: string): URL => new URL(`./children/${name}.mjs`, import.meta.url);

export const CONTESTS: Readonly<Record<string, Contest>> = {
  mesh: {
    title: 'nestjs-mesh, by the group',
    script: script('mesh-node'),
    paces: [ISOLATED, TEN, HUNDRED, BURSTS],
    patienceMs: 6000,
    recoveryMs: 10_000,
  },
  unicast: {
    title: 'nestjs-mesh, unicast only',
    script: script('mesh-node'),
    options: { unicast: true },
    paces: [ISOLATED, TEN, HUNDRED, BURSTS],
    patienceMs: 6000,
    recoveryMs: 10_000,
  },
  redis: {
    title: 'Redis transport of Nest',
    script: script('redis-node'),
    paces: [ISOLATED, TEN_BARE],
    patienceMs: 8000,
    recoveryMs: 60_000,
    broker: true,
  },
  v1: {
    title: 'plain v1 nodes, which send to the group and to each peer',
    script: script('v1-node'),
    paces: [TEN],
    patienceMs: 300,
    recoveryMs: 1000,
  },
};
