import type { Eviction } from '../products/products.cache.js';
import { type Product, productKey } from '../products/product.js';
import type { Instance } from './instance.js';
import { milliseconds, quantile, say, styled, table } from './report.js';
import { StoryFailure } from './story-failure.js';
import { until } from './until.js';

const START_DEADLINE_MS = 30_000;
const PEERS_DEADLINE_MS = 5000;
const EVICTION_DEADLINE_MS = 3000;
const ROUNDS = 200;
const PRODUCT_ID = 1;

/** What happens to one product, told and checked step by step. Throws `StoryFailure` where something is not as it must be. */
export class Story {
  readonly #instances: readonly Instance[];
  #product: Product = { id: PRODUCT_ID, name: 'Teapot', price: 25 };
  #step = 0;

  constructor(instances: readonly Instance[]) {
    this.#instances = instances;
  }

  async tell(): Promise<void> {
    await this.#meet();
    await this.#fillCaches();
    await this.#writeOnce();
    await this.#readEverywhere();
    await this.#writeManyTimes();
  }

  async #meet(): Promise<void> {
    this.#title('Three processes find each other');
    const began = performance.now();
    const others = this.#instances.length - 1;
    const rows = await Promise.all(
      this.#instances.map(async (instance) => {
        await until(`${instance.name} does not listen`, START_DEADLINE_MS, () => instance.meshIfUp());
        const mesh = await until(`${instance.name} does not see ${others} peers`, PEERS_DEADLINE_MS, async () => {
          const found = await instance.mesh();
          return found.peers.filter(({ state }) => state === 'alive').length >= others ? found : undefined;
        });
        return [instance.name, instance.url, String(instance.pid), mesh.endpoints[0] ?? '', String(mesh.peers.length)];
      }),
    );
    table(['instance', 'http', 'pid', 'mesh', 'peers seen'], rows);
    say(`   ${((performance.now() - began) / 1000).toFixed(1)} s, from the start of the processes to the last peer\n`);
  }

  async #fillCaches(): Promise<void> {
    this.#title(`Reading product ${PRODUCT_ID} twice fills each cache`);
    const rows: string[][] = [];
    for (const instance of this.#instances) {
      const first = await this.#timedRead(instance, 'store');
      const second = await this.#timedRead(instance, 'cache');
      rows.push([instance.name, String(this.#product.price), `store, ${first}`, `cache, ${second}`]);
    }
    table(['instance', 'price', 'first read', 'second read'], rows);
  }

  async #writeOnce(): Promise<void> {
    const [writer] = this.#instances;
    if (writer === undefined) return;
    const price = this.#product.price + 1;
    this.#title(`${writer.name} writes: price ${this.#product.price} becomes ${price}`);
    const evictions = await this.#write(writer, price);
    const rows = evictions.map(({ instance, tookMs }) => [
      instance.name,
      milliseconds(tookMs),
      instance === writer ? 'it wrote: told before the network' : 'told by one datagram',
    ]);
    table(['instance', 'write to eviction', ''], rows);
  }

  async #readEverywhere(): Promise<void> {
    this.#title('Everyone serves the new price');
    const rows: string[][] = [];
    for (const instance of this.#instances) {
      const took = await this.#timedRead(instance, 'store');
      rows.push([instance.name, String(this.#product.price), `store, ${took}`]);
    }
    table(['instance', 'price', 'read'], rows);
  }

  async #writeManyTimes(): Promise<void> {
    this.#title(`${ROUNDS} more writes, by each instance in turn, and everyone reads after each`);
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const writer = this.#instances[round % this.#instances.length];
      if (writer === undefined) return;
      for (const { instance, tookMs } of await this.#write(writer, this.#product.price + 1)) {
        if (instance !== writer) times.push(tookMs);
      }
      await Promise.all(this.#instances.map((instance) => this.#timedRead(instance, 'store')));
    }
    times.sort((one, other) => one - other);
    const row = [quantile(times, 0.5), quantile(times, 0.99), quantile(times, 1)].map(milliseconds);
    table(
      ['evictions on others', 'median', 'p99', 'slowest', 'stale reads'],
      [[`${times.length} of ${ROUNDS * (this.#instances.length - 1)}`, ...row, '0']],
    );
  }

  /** Writes, and waits until every instance has let go of its copy. */
  async #write(
    writer: Instance,
    price: number,
  ): Promise<readonly { readonly instance: Instance; readonly tookMs: number }[]> {
    this.#product = { ...this.#product, price };
    const written = BigInt((await writer.write(this.#product)).writtenAt);
    return Promise.all(
      this.#instances.map(async (instance) => {
        const eviction = await this.#eviction(instance, written);
        return { instance, tookMs: Number(BigInt(eviction.at) - written) / 1e6 };
      }),
    );
  }

  #eviction(instance: Instance, since: bigint): Promise<Eviction> {
    const key = productKey(PRODUCT_ID);
    return until(`${instance.name} does not evict ${key}`, EVICTION_DEADLINE_MS, async () => {
      const { evictions } = await instance.cache();
      return evictions.find((eviction) => eviction.held && eviction.key === key && BigInt(eviction.at) >= since);
    });
  }

  /** Reads, and checks that the answer is what was written last and comes from where it must. */
  async #timedRead(instance: Instance, source: 'cache' | 'store'): Promise<string> {
    const began = performance.now();
    const { product, from } = await instance.read(PRODUCT_ID);
    const took = milliseconds(performance.now() - began);
    if (product.price !== this.#product.price) {
      throw new StoryFailure(`${instance.name} serves the price ${product.price} and not ${this.#product.price}`);
    }
    if (from !== source) throw new StoryFailure(`${instance.name} reads from its ${from} and not from its ${source}`);
    return took;
  }

  #title(text: string): void {
    this.#step++;
    say(styled('bold', `${this.#step}. ${text}`));
  }
}
