import { Failure } from '../fleet/failure.js';
import type { Fleet } from '../fleet/fleet.js';
import type { Instance } from '../fleet/instance.js';
import { until } from '../fleet/until.js';
import { type Product, PRODUCT_COUNT } from '../products/product.js';
import type { InstanceReport } from '../watch/instance-report.js';
import { milliseconds, quantile, say, styled, table } from './report.js';

const AGREE_DEADLINE_MS = 3000;
/** What a survivor may take beyond the time to live, on a machine that has much to do. */
const TTL_SLACK_MS = 2000;
const ROUNDS = 100;

type Version = Pick<Product, 'id' | 'version'>;

/** What happens to some products, told and checked step by step. Throws `Failure` where something is not as it must be. */
export class Story {
  readonly #fleet: Fleet;
  readonly #ttlMs: number;
  #step = 0;

  constructor(fleet: Fleet, ttlMs: number) {
    this.#fleet = fleet;
    this.#ttlMs = ttlMs;
  }

  async tell(): Promise<void> {
    const [a, b, c] = this.#fleet.instances;
    if (a === undefined || b === undefined || c === undefined) return;
    await this.#meet(this.#fleet.instances);
    await this.#fillCaches();
    await this.#write(a);
    await this.#swap(b);
    await this.#rollBack(b);
    await this.#raiseAll(c);
    await this.#writeManyTimes();
    await this.#clear(a);
    await this.#crash(c, [a, b]);
    await this.#comeBack(c);
  }

  async #meet(instances: readonly Instance[]): Promise<void> {
    this.#title('Three processes find each other, and share one database');
    await Promise.all(instances.map((instance) => this.#fleet.met(instance)));
    const rows = instances.map(({ name, url, pid }) => [name, url, String(pid)]);
    table(['instance', 'http', 'pid'], rows);
  }

  async #fillCaches(): Promise<void> {
    this.#title('Reading product 1 twice on each: a miss, and a hit');
    const rows: string[][] = [];
    for (const instance of this.#fleet.instances) {
      const before = await instance.report();
      await instance.read(1);
      await instance.read(1);
      const { cache } = await instance.report();
      const [misses, hits] = [cache.misses - before.cache.misses, cache.hits - before.cache.hits];
      rows.push([instance.name, String(misses), String(hits)]);
      this.#check(
        misses === 1 && hits === 1,
        `${instance.name} has ${misses} misses and ${hits} hits, and not 1 of each`,
      );
    }
    table(['instance', 'misses', 'hits'], rows);
  }

  async #write(writer: Instance): Promise<void> {
    const { price } = await writer.read(1);
    this.#title(`${writer.name} writes by one statement: the price ${price} becomes ${price + 1}`);
    await this.#everyoneTold(writer, ['product:1', 'price-list'], () => writer.changePrice(1, price + 1));
    await this.#everyoneServes(1, (product) => product.price === price + 1);
    say(`   told behind the statement, by @Invalidates; everyone serves ${price + 1}\n`);
  }

  async #swap(writer: Instance): Promise<void> {
    this.#title(`${writer.name} swaps the prices of products 1 and 2 in a transaction`);
    const [first, second] = await Promise.all([writer.read(1), writer.read(2)]);
    const keys = ['product:1', 'product:2', 'price-list'];
    await this.#everyoneTold(writer, keys, () => writer.swapPrices(1, 2));
    await this.#everyoneServes(1, (product) => product.price === second.price);
    await this.#everyoneServes(2, (product) => product.price === first.price);
    say(`   ${keys.join(', ')} told together, behind the commit; everyone serves both\n`);
  }

  async #rollBack(writer: Instance): Promise<void> {
    this.#title(`${writer.name} swaps with a product that is not there: rolled back`);
    const before = await writer.report();
    const { price } = await writer.read(1);
    const refusal = await writer.swapPrices(1, 404).catch((error: unknown) => error);
    this.#check(refusal instanceof Failure, `${writer.name} swaps prices with product 404`);
    const after = await writer.report();
    // What it tells, it hears itself before the network does.
    this.#check(
      after.cache.invalidated === before.cache.invalidated,
      `${writer.name} tells of what it has rolled back`,
    );
    await this.#everyoneServes(1, (product) => product.price === price);
    say('   nothing is told, and nothing has changed\n');
  }

  async #raiseAll(writer: Instance): Promise<void> {
    this.#title(`${writer.name} raises all prices in a transaction, and names no key but a tag`);
    const before = await this.#readAll(writer);
    for (const { id } of before) await this.#everyoneServes(id, () => true);
    await writer.raiseAll(5);
    for (const { id, price } of before) await this.#everyoneServes(id, (product) => product.price === price + 5);
    say(`   all ${before.length} products, on all instances\n`);
  }

  async #writeManyTimes(): Promise<void> {
    this.#title(
      `${ROUNDS} more writes, by each instance in turn, and everyone reads after each until it is the new price`,
    );
    const times: number[] = [];
    let stale = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const { instances } = this.#fleet;
      const writer = instances[round % instances.length]!;
      const written = await writer.changePrice(3, 100 + round);
      const began = performance.now();
      await Promise.all(
        instances.map(async (instance) => {
          stale += await this.#staleReads(instance, written, AGREE_DEADLINE_MS);
          if (instance !== writer) times.push(performance.now() - began);
        }),
      );
    }
    times.sort((one, other) => one - other);
    const row = [quantile(times, 0.5), quantile(times, 0.99), quantile(times, 1)].map(milliseconds);
    table(
      ['from the answer to the new price elsewhere', 'median', 'p99', 'slowest', 'reads before'],
      [[`${times.length} reads by HTTP`, ...row, String(stale)]],
    );
  }

  async #clear(writer: Instance): Promise<void> {
    this.#title(`${writer.name} empties its CACHE_MANAGER, and so the caches of all`);
    const before = await this.#reports();
    await writer.clearCache();
    await this.#everyone('is not emptied', async (instance) => {
      const { cache } = await instance.report();
      return cache.cleared > (before.get(instance.name)?.cache.cleared ?? 0);
    });
    say();
  }

  async #crash(victim: Instance, survivors: readonly Instance[]): Promise<void> {
    this.#title(`${victim.name} is killed between its commit and its announcement`);
    const old = await victim.read(4);
    for (const survivor of survivors) await survivor.read(4);
    const how = await victim.crashAfterCommit(4);
    this.#check(how === 'by SIGKILL', `${victim.name} ended ${how}`);
    const began = performance.now();
    const rows = await Promise.all(
      survivors.map(async (survivor) => {
        const written = { id: 4, version: old.version + 1 };
        const stale = await this.#staleReads(survivor, written, this.#ttlMs + TTL_SLACK_MS);
        this.#check(stale > 0, `${survivor.name} knows of what nobody has told`);
        return [survivor.name, String(old.price), String(stale), milliseconds(performance.now() - began)];
      }),
    );
    table(['instance', 'old price', 'stale reads', 'until the new one'], rows);
    say(
      `   bounded by the time to live of the entries, ${this.#ttlMs} ms here; 5 minutes where nothing else is said\n`,
    );
  }

  async #comeBack(victim: Instance): Promise<void> {
    this.#title(`${victim.name} comes back, and everybody agrees`);
    await this.#fleet.met(this.#fleet.restart(victim));
    const { version } = await this.#fleet.instances[0]!.changePrice(4, 44);
    await this.#everyoneServes(4, (product) => product.version === version);
    const lists = await Promise.all(this.#fleet.instances.map((instance) => instance.prices()));
    this.#check(new Set(lists.map((list) => JSON.stringify(list))).size === 1, 'the lists of prices differ');
    say();
  }

  /** Runs the write, and waits until all others have been told of so many keys, which its process hears itself too. */
  async #everyoneTold(writer: Instance, keys: readonly string[], write: () => Promise<unknown>): Promise<void> {
    const before = await this.#reports();
    await write();
    await this.#everyone(`is not told of ${keys.join(', ')} by ${writer.name}`, async (instance) => {
      const { cache } = await instance.report();
      return cache.invalidated === (before.get(instance.name)?.cache.invalidated ?? 0) + keys.length;
    });
  }

  #everyoneServes(id: number, fits: (product: Product) => boolean): Promise<void> {
    return this.#everyone(`serves an old product ${id}`, async (instance) => fits(await instance.read(id)));
  }

  async #everyone(otherwise: string, fits: (instance: Instance) => Promise<boolean>): Promise<void> {
    await Promise.all(
      this.#fleet.instances.map((instance) =>
        until(`${instance.name} ${otherwise}`, AGREE_DEADLINE_MS, async () => (await fits(instance)) || undefined),
      ),
    );
  }

  /** Reads until the product is so new. Returns how many reads gave an older one. */
  async #staleReads(instance: Instance, { id, version }: Version, deadlineMs: number): Promise<number> {
    let stale = 0;
    await until(`${instance.name} serves an old product ${id}`, deadlineMs, async () => {
      if ((await instance.read(id)).version >= version) return true;
      stale++;
      return undefined;
    });
    return stale;
  }

  #readAll(instance: Instance): Promise<readonly Product[]> {
    return Promise.all(Array.from({ length: PRODUCT_COUNT }, (_, index) => instance.read(index + 1)));
  }

  async #reports(): Promise<ReadonlyMap<string, InstanceReport>> {
    const { instances } = this.#fleet;
    const reports = await Promise.all(instances.map((instance) => instance.report()));
    return new Map(instances.map(({ name }, index) => [name, reports[index]!]));
  }

  #check(holds: boolean, otherwise: string): void {
    if (!holds) throw new Failure(otherwise);
  }

  #title(text: string): void {
    this.#step++;
    say(styled('bold', `${this.#step}. ${text}`));
  }
}
