import { ProductsStore } from '../products/products.store.js';
import type { Fleet } from '../story/fleet.js';
import type { Instance } from '../story/instance.js';
import { Commands } from './commands.js';
import { type LiveRow, rowOf } from './live-row.js';
import { Watch } from './watch.js';

/** How the live part is seen: on a terminal, or in lines. */
export interface Stage {
  /** Something has happened. */
  tell(happening: string): void;
  /** An instance has written a line to its log. */
  hear(name: string, line: string): void;
}

/** What goes on after the story: the instances are watched, and the user does things to them. */
export class Live {
  readonly commands: Commands;
  readonly #fleet: Fleet;
  readonly #watch: Watch;
  readonly #stage: Stage;
  readonly #ended = new AbortController();

  constructor(fleet: Fleet, stage: Stage) {
    const store = new ProductsStore(fleet.env.STORE_DIR);
    const tell = (happening: string): void => stage.tell(happening);
    this.#fleet = fleet;
    this.#stage = stage;
    this.#watch = new Watch(fleet, store, tell);
    this.commands = new Commands(fleet, store, this.#watch, tell);
  }

  start(): void {
    this.#fleet.onRestart = (instance) => this.#follow(instance);
    for (const instance of this.#fleet.instances) this.#follow(instance);
    void this.#watch.run(this.#ended.signal);
  }

  stop(): void {
    this.#ended.abort();
  }

  rows(): readonly LiveRow[] {
    const now = performance.now();
    return this.#fleet.instances.map((instance) => rowOf(instance, this.#watch.sighting(instance.name), now));
  }

  #follow(instance: Instance): void {
    instance.onLine = (line) => this.#stage.hear(instance.name, line);
    void instance.ended.then((how) => this.#stage.tell(`${instance.name} ended ${how}`));
  }
}
