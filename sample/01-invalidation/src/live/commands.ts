import type { ProductsStore } from '../products/products.store.js';
import type { Fleet } from '../story/fleet.js';
import { WATCHED_ID } from './look.js';
import type { Watch } from './watch.js';

/** Of a single write the loss would take nothing most of the time, and there would be nothing to see. */
const WRITES = 20;

export interface Command {
  readonly key: string;
  readonly does: string;
  /** Whether it is on, of what is switched on and off. */
  readonly isOn?: () => boolean;
  run(): Promise<void>;
}

/** What the user can do to the instances and to their network. */
export class Commands {
  readonly all: readonly Command[];
  readonly #fleet: Fleet;
  readonly #store: ProductsStore;
  readonly #watch: Watch;
  readonly #tell: (happening: string) => void;
  readonly #running = new Set<string>();

  constructor(fleet: Fleet, store: ProductsStore, watch: Watch, tell: (happening: string) => void) {
    this.#fleet = fleet;
    this.#store = store;
    this.#watch = watch;
    this.#tell = tell;
    const { name } = fleet.victim;
    this.all = [
      { key: 'w', does: `${WRITES} writes`, run: () => this.#write() },
      { key: 'l', does: '20 % loss', isOn: () => watch.weather.lossy, run: () => this.#switchLoss() },
      { key: 'p', does: 'partition', isOn: () => watch.weather.cutOff !== undefined, run: () => this.#switchCut() },
      { key: 'k', does: `kill ${name}`, run: () => this.#kill() },
      { key: 'r', does: `restart ${name}`, run: () => this.#restart() },
    ];
  }

  /** Whether there is such a command. One that still runs is not begun again: keys that are held down repeat. */
  run(key: string): boolean {
    const command = this.all.find((one) => one.key === key);
    if (command !== undefined && !this.#running.has(key)) void this.#run(command);
    return command !== undefined;
  }

  async #run({ key, does, run }: Command): Promise<void> {
    this.#running.add(key);
    try {
      await run();
    } catch (error) {
      this.#tell(`${does}: not done, ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      this.#running.delete(key);
    }
  }

  async #write(): Promise<void> {
    const writer = this.#fleet.instances.find(({ running }) => running);
    if (writer === undefined) throw new Error('no instance runs');
    const product = await this.#store.read(WATCHED_ID);
    for (let count = 1; count <= WRITES; count++) await writer.write({ ...product, price: product.price + count });
    this.#tell(`${writer.name} has written ${WRITES} times: ${product.price} became ${product.price + WRITES}`);
  }

  async #switchLoss(): Promise<void> {
    const lossy = !this.#watch.weather.lossy;
    await this.#watch.change({ lossy });
    this.#tell(lossy ? 'each instance loses 20 % of the datagrams that arrive' : 'nothing is lost any more');
  }

  async #switchCut(): Promise<void> {
    const { name } = this.#fleet.victim;
    const cutOff = this.#watch.weather.cutOff === undefined ? name : undefined;
    await this.#watch.change({ cutOff });
    this.#tell(cutOff === undefined ? `${name} and the others reach each other again` : `${name} is cut off`);
  }

  async #kill(): Promise<void> {
    const { victim } = this.#fleet;
    if (!victim.running) throw new Error(`${victim.name} does not run`);
    this.#tell(`killing ${victim.name} (pid ${String(victim.pid)})`);
    await victim.kill();
  }

  async #restart(): Promise<void> {
    const { victim } = this.#fleet;
    if (victim.running) throw new Error(`${victim.name} runs`);
    const { name, pid } = this.#fleet.restart(victim);
    this.#tell(`starting ${name} (pid ${String(pid)})`);
  }
}
