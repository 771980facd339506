import { Failure } from './failure.js';
import { freePorts } from './free-ports.js';
import { Instance } from './instance.js';
import { until } from './until.js';

const NAMES = ['A', 'B', 'C'] as const;

const START_DEADLINE_MS = 30_000;
const PEERS_DEADLINE_MS = 5000;

/** The three instances. One that is started anew has the name and the port of the one that ended. */
export class Fleet {
  readonly #env: NodeJS.ProcessEnv;
  #instances: readonly Instance[];

  private constructor(env: NodeJS.ProcessEnv, ports: readonly number[]) {
    this.#env = env;
    this.#instances = NAMES.map((name, index) => new Instance(name, ports[index] ?? 0, env));
  }

  /** Where a port is taken, another one replaces it. */
  static async start(env: NodeJS.ProcessEnv, firstPort: number): Promise<Fleet> {
    return new Fleet(env, await freePorts(NAMES.map((_, index) => firstPort + index)));
  }

  get instances(): readonly Instance[] {
    return this.#instances;
  }

  /** Resolves when the instance answers, and hears all others. */
  async met(instance: Instance): Promise<void> {
    const peers = this.#instances.length - 1;
    await until(`${instance.name} does not listen`, START_DEADLINE_MS, () => instance.reportIfUp());
    await until(`${instance.name} does not see ${peers} peers`, PEERS_DEADLINE_MS, async () => {
      return (await instance.report()).peers === peers || undefined;
    });
  }

  /** Rejects when one of the instances that there are now ends by itself, and not as somebody has pulled its plug. */
  async failed(): Promise<never> {
    return Promise.race(
      this.#instances.map(async ({ name, ended }) => {
        const how = await ended;
        if (how === 'by SIGKILL') return new Promise<never>(() => undefined);
        throw new Failure(`instance ${name} ended ${how}`);
      }),
    );
  }

  restart({ name, port }: Instance): Instance {
    const instance = new Instance(name, port, this.#env);
    this.#instances = this.#instances.map((one) => (one.name === name ? instance : one));
    return instance;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#instances.map((instance) => instance.stop()));
  }
}
