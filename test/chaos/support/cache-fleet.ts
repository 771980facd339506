import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { MeshMetrics } from 'nestjs-mesh/bus';
import type { MeshCacheStats } from '../../../lib/cache/cache-counters.js';
import { LabProcess } from '../../support/lab-process.js';
import { type LossyHost, LossyLab } from '../../support/lossy-lab.js';
import { seededRandom } from '../../support/seeded-random.js';
import { CacheDatabase } from './cache-database.js';
import { type Read, ReadJudge } from './read-judge.js';
import { VersionBook } from './version-book.js';

const SCRIPT = new URL('../children/cached-app.mjs', import.meta.url);
const INSTANCES = 5;
const GROUPS = 100;
const GROUP_SIZE = 10;
const LATENCY_MS = 5;
const READ_EVERY_MS = 8;
const WRITE_EVERY_MS = 100;
/** A node is given up after five of them. */
const HEARTBEAT_MS = 500;
const QUIET_WITHIN_MS = 30_000;
/** Three heartbeats in which nothing moves. */
const QUIET_FOR_MS = 1500;

/** How the caches are kept alike. */
export type Way =
  | { readonly kind: 'mesh'; readonly multicast: boolean; readonly sharesLevel?: boolean }
  /** In the mesh, but for its cache. */
  | { readonly kind: 'deaf'; readonly multicast: boolean }
  | { readonly kind: 'alone' }
  | { readonly kind: 'redis'; readonly pings: boolean; readonly clears: boolean };

export interface InstanceState {
  readonly written: Readonly<Record<'del' | 'invalidate' | 'put' | 'glob', number>>;
  readonly failures: readonly string[];
  readonly status?: string;
  readonly alive?: number;
  readonly metrics?: MeshMetrics;
  readonly stats?: MeshCacheStats;
  readonly reconnects?: number;
}

interface Instance {
  readonly name: string;
  readonly process: LabProcess;
}

/** Five instances of an application on hosts of their own, and the database that their caches hold copies of. */
export class CacheFleet {
  readonly lab: LossyLab;
  readonly book: VersionBook;
  readonly judge: ReadJudge;
  readonly dead = new Set<string>();
  readonly #ways: readonly Way[];
  readonly #seed: number;
  readonly #database: CacheDatabase;
  readonly #instances: Instance[];
  readonly #killed: LabProcess[] = [];
  readonly #redis: { readonly server: ChildProcess; readonly host: LossyHost } | undefined;
  #starts = 0;
  #rounds = 0;

  /** @param ways of each instance, or of all */
  constructor(ways: Way | readonly Way[], seed: number) {
    this.#ways = 'kind' in ways ? Array.from({ length: INSTANCES }, () => ways) : ways;
    this.#seed = seed;
    const keys = Array.from(
      { length: GROUPS * GROUP_SIZE },
      (_, n) => `group:${Math.floor(n / GROUP_SIZE)}:${n % GROUP_SIZE}`,
    );
    this.book = new VersionBook(keys);
    this.judge = new ReadJudge(this.book, this.dead);
    this.#database = new CacheDatabase(this.book, seededRandom(seed), LATENCY_MS);
    const needsRedis = this.#ways.some((way) => way.kind === 'redis' || (way.kind === 'mesh' && way.sharesLevel));
    this.lab = new LossyLab(needsRedis ? INSTANCES + 1 : INSTANCES);
    const host = this.lab.hosts[INSTANCES];
    if (host !== undefined) this.#redis = { server: spawnRedis(host), host };
    this.#instances = this.#ways.map((_way, index) => this.#make(index));
  }

  async start(): Promise<void> {
    await this.#everyone('start');
    await this.#meet();
  }

  /** From then on each holds every key; one after the other, so that who comes later may find it in a shared level. */
  async fill(): Promise<void> {
    for (const { process } of this.#instances) await process.call('sweep');
  }

  begin(): Promise<unknown> {
    return this.#everyone('begin');
  }

  /** Resolves when no read and no write is under way any more. */
  end(): Promise<unknown> {
    return this.#everyone('end');
  }

  /** Nobody hears those of other groups; a Redis is with the last. What is lost besides goes on being lost. */
  part(groups: readonly (readonly number[])[]): void {
    const sides = groups.map((group) => group.map((index) => this.lab.hosts[index]!));
    if (this.#redis !== undefined) sides.at(-1)!.push(this.#redis.host);
    for (const side of sides) {
      const beyond = sides.filter((other) => other !== side).flat();
      const addresses = beyond.map(({ address }) => address).join(', ');
      for (const { host } of side) {
        host.nft(`insert rule ip chaos input ip saddr { ${addresses} } counter name lost drop`);
      }
    }
  }

  /** Ends one with no chance to say anything. */
  async kill(index: number): Promise<void> {
    const { name, process } = this.#instances[index]!;
    this.#killed.push(process);
    await process.kill();
    this.dead.add(name);
  }

  /** Another one in its place, with an empty cache. */
  async replace(index: number): Promise<void> {
    const instance = this.#make(index);
    this.#instances[index] = instance;
    await instance.process.call('start');
    await this.#meet();
    await instance.process.call('begin');
  }

  /** Resolves when everyone sees everyone, and nothing comes any more. Tells how long that took. */
  async quiet(): Promise<number> {
    const began = performance.now();
    await this.#meet();
    let [before, since] = ['', began];
    for (;;) {
      const states = await this.states();
      const now = performance.now();
      const moving = JSON.stringify(
        states.map(({ metrics, alive, status }) => [alive, status, metrics && movesOf(metrics)]),
      );
      if (moving !== before) [before, since] = [moving, now];
      const isWhole = states.every(
        ({ alive, status }) => alive === undefined || (alive === INSTANCES - 1 && status === 'ready'),
      );
      if (isWhole && now - since >= QUIET_FOR_MS) return since - began;
      if (now - began > QUIET_WITHIN_MS) throw new Error(`it does not become quiet: ${moving}`);
      await pause(100);
    }
  }

  /** Asks every instance for every key. Tells what is older than it may be, in words. */
  async sweep(): Promise<{ readonly stale: readonly string[]; readonly hits: number }> {
    const swept = (await this.#everyone('sweep')) as Read[][];
    const stale = swept.flatMap((reads, index) =>
      reads.flatMap(([place, version]) => {
        const key = this.book.keys[place]!;
        const due = this.book.newestDue(key, this.dead);
        return version < due ? [`${this.#instances[index]!.name} has ${key} v${version} of v${due}`] : [];
      }),
    );
    return { stale, hits: swept.flat().filter(([, , , loaded]) => loaded === 0).length };
  }

  states(): Promise<InstanceState[]> {
    return this.#everyone('state') as Promise<InstanceState[]>;
  }

  /** How often Redis was told what. Nothing where there is none. */
  redisCommands(): Readonly<Record<string, number>> {
    if (this.#redis === undefined) return {};
    const { host, address } = this.#redis.host;
    const stats = host.exec('redis-cli', '-h', address, 'info', 'commandstats');
    const calls = stats.matchAll(/^cmdstat_(?<name>\S+):calls=(?<count>\d+)/gm);
    return Object.fromEntries([...calls].map(({ groups }) => [groups!.name!, Number(groups!.count)]));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#killed, ...this.#instances.map(({ process }) => process)].map((one) => one.kill()));
    const server = this.#redis?.server;
    if (server?.exitCode === null && server.signalCode === null) {
      const gone = once(server, 'exit');
      server.kill('SIGKILL');
      await gone;
    }
    this.#database.close();
    this.lab.close();
  }

  async #meet(): Promise<void> {
    const round = ++this.#rounds;
    await this.#everyone('meet', INSTANCES - 1, round);
  }

  #everyone(call: string, ...args: readonly unknown[]): Promise<unknown[]> {
    return Promise.all(this.#instances.map(({ process }) => process.call(call, ...args)));
  }

  #make(index: number): Instance {
    const [at, way] = [this.lab.hosts[index]!, this.#ways[index]!];
    const start = this.#starts++;
    const name = start < INSTANCES ? `instance ${index}` : `instance ${index} anew`;
    const options = {
      ...{ name, way: way.kind, database: this.#database.path, keys: this.book.keys, groupSize: GROUP_SIZE },
      ...{ seed: this.#seed + 7919 * (start + 1), readEveryMs: READ_EVERY_MS, writeEveryMs: WRITE_EVERY_MS },
      ...this.#optionsOf(way, at),
    };
    const process = new LabProcess(SCRIPT, options, at.host, (question) =>
      this.judge.take(name, (question as { readonly reads: readonly Read[] }).reads),
    );
    return { name, process };
  }

  #optionsOf(way: Way, at: LossyHost): object {
    switch (way.kind) {
      case 'alone':
        return {};
      case 'redis':
        return { redis: { host: this.#redis?.host.address, pings: way.pings, clears: way.clears } };
      default: {
        const hosts = this.lab.hosts.slice(0, INSTANCES).filter((other) => other !== at);
        const peers = way.multicast ? {} : { group: false, peers: hosts.map(({ address }) => address) };
        const shared = way.kind === 'mesh' && way.sharesLevel === true ? { shared: this.#redis?.host.address } : {};
        return { mesh: { heartbeat: HEARTBEAT_MS, ...peers }, ...shared };
      }
    }
  }
}

/** What moves as long as something is on its way, or missing. */
function movesOf({ delivered, gaps, repaired, nacksSent, resyncs, joined, lost }: MeshMetrics): readonly number[] {
  return [delivered, gaps, repaired, nacksSent, resyncs, joined, lost];
}

function spawnRedis({ host, address }: LossyHost): ChildProcess {
  const options = ['--bind', address, '--save', '', '--appendonly', 'no', '--protected-mode', 'no'];
  const [command, ...args] = [...host.prefix, 'redis-server', ...options];
  return spawn(command!, args, { stdio: 'ignore' });
}
