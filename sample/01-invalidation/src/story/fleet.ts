import { freePorts } from './free-ports.js';
import { Instance } from './instance.js';

const NAMES = ['A', 'B', 'C'] as const;

/** The three instances. One that is started anew has the name and the port of the one that ended. */
export class Fleet {
  /** What the instances are given, beside what this process has. */
  readonly env: Readonly<Record<string, string>>;
  /** Called with each instance that is started anew. */
  onRestart: (instance: Instance) => void = () => undefined;
  #instances: readonly Instance[];

  private constructor(env: Readonly<Record<string, string>>, ports: readonly number[]) {
    this.env = env;
    this.#instances = NAMES.map((name, index) => new Instance(name, ports[index] ?? 0, env));
  }

  /** Where a port is taken, another one replaces it. */
  static async start(env: Readonly<Record<string, string>>, firstPort: number): Promise<Fleet> {
    return new Fleet(env, await freePorts(NAMES.map((_, index) => firstPort + index)));
  }

  get instances(): readonly Instance[] {
    return this.#instances;
  }

  /** The one that is cut off, killed and started anew: the last, as the first one writes. */
  get victim(): Instance {
    const victim = this.#instances.at(-1);
    if (victim === undefined) throw new RangeError('there are no instances');
    return victim;
  }

  restart({ name, port }: Instance): Instance {
    const instance = new Instance(name, port, this.env);
    this.#instances = this.#instances.map((one) => (one.name === name ? instance : one));
    this.onRestart(instance);
    return instance;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#instances.map((instance) => instance.stop()));
  }
}
