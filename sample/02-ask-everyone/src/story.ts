import { setTimeout as delay } from 'node:timers/promises';
import type { Instance } from './instance.js';
import type { StatsOfAll } from './stats.controller.js';

const PRODUCT = 1;
const ROUNDS = 60;
const DEADLINE_MS = 20_000;
const ASK_EVERY_MS = 20;

/** What three instances do, step by step. Throws where something is not as it must be. */
export class Story {
  readonly #all: readonly Instance[];
  readonly #first: Instance;
  readonly #last: Instance;
  #price = 0;
  #step = 0;

  constructor(instances: readonly [Instance, Instance, Instance]) {
    this.#all = instances;
    [this.#first, , this.#last] = instances;
  }

  async tell(): Promise<void> {
    await this.#meet();
    await this.#fillCaches();
    await this.#writeAndReadEverywhere();
    if (process.platform === 'win32') console.log('   Skipped here: a process that stands still. Windows has none.\n');
    else await this.#freeze();
    await this.#kill();
  }

  async #meet(): Promise<void> {
    this.#title('Three processes find each other: GET /stats of each lists all three');
    for (const instance of this.#all) await this.#until(instance, (stats) => isList(stats, 'ABC'));
    show(await this.#first.stats());
  }

  async #fillCaches(): Promise<void> {
    this.#title('Each reads the product twice, and B is asked for the caches of all');
    for (const instance of this.#all) {
      await instance.read(PRODUCT);
      await instance.read(PRODUCT);
    }
    const stats = (await this.#all[1]?.stats()) ?? { answered: [], silent: [] };
    const wrong = stats.answered.filter(({ hits, misses, size }) => hits !== 1 || misses !== 1 || size !== 1);
    must(isList(stats, 'ABC') && wrong.length === 0, `B was told ${JSON.stringify(stats)}`);
    show(stats);
  }

  async #writeAndReadEverywhere(): Promise<void> {
    this.#title(`${ROUNDS} writes, each answered when the others have evicted, and everyone reads after each`);
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const began = performance.now();
      await this.#write(this.#all[round % 3] ?? this.#first, { status: 200, evicted: 2 });
      times.push(performance.now() - began);
      await this.#readNewPrice(this.#all);
    }
    const stats = await this.#first.stats();
    // A copy that was never evicted would have been read without a miss, and been right by chance.
    must(
      stats.answered.every(({ misses }) => misses === 1 + ROUNDS),
      `they missed ${JSON.stringify(stats)}`,
    );
    const median = times.sort((one, other) => one - other)[ROUNDS / 2] ?? Number.NaN;
    console.log(`   ${ROUNDS * 3} reads, 0 of them stale; PUT took ${median.toFixed(2)} ms, as the median\n`);
  }

  async #freeze(): Promise<void> {
    const { name, pid } = this.#last;
    this.#title(`${name} stands still (kill -STOP ${String(pid)}): it does not answer, and does not evict`);
    const before = await this.#nodeOf(this.#last);
    this.#last.signal('SIGSTOP');
    const stats = await this.#first.stats();
    must(isList(stats, 'AB', [before]), `A was told ${JSON.stringify(stats)}`);
    show(stats);
    await this.#write(this.#first, { status: 202, evicted: 1, missing: before });
    await this.#readNewPrice(this.#all.slice(0, 2));

    this.#title(`${name} goes on (kill -CONT): it hears what it has missed`);
    this.#last.signal('SIGCONT');
    await this.#untilTrue(`${name} still has the old price`, async () => {
      return (await this.#last.read(PRODUCT)).price === this.#price;
    });
    await this.#until(this.#first, (answer) => isList(answer, 'ABC'));
    await this.#write(this.#first, { status: 200, evicted: 2 });
    await this.#readNewPrice(this.#all);
    console.log();
  }

  async #kill(): Promise<void> {
    const { name, pid } = this.#last;
    this.#title(`${name} is killed (kill -9 ${String(pid)}): it is missing, until it is given up after 5 s`);
    const before = await this.#nodeOf(this.#last);
    this.#last.signal('SIGKILL');
    await this.#last.ended;
    await this.#write(this.#first, { status: 202, evicted: 1, missing: before });
    await this.#readNewPrice(this.#all.slice(0, 2));
    await this.#until(this.#first, (stats) => isList(stats, 'AB'));
    await this.#write(this.#first, { status: 200, evicted: 1 });
    await this.#readNewPrice(this.#all.slice(0, 2));
    show(await this.#first.stats());
  }

  async #write(
    writer: Instance,
    wanted: { readonly status: number; readonly evicted: number; readonly missing?: string },
  ): Promise<void> {
    this.#price++;
    const { status, evicted, missing } = await writer.write({ id: PRODUCT, price: this.#price });
    const ids = missing.map(({ id }) => id).join();
    must(
      status === wanted.status && evicted === wanted.evicted && ids === (wanted.missing ?? ''),
      `${writer.name} answered a write with ${status}, ${evicted} evicted, ${JSON.stringify(missing)} missing`,
    );
    if (ids !== '') console.log(`   PUT → ${status}, evicted ${evicted}, missing ${ids}`);
    else if (this.#price > ROUNDS) console.log(`   PUT → ${status}, evicted ${evicted}, nobody missing`);
  }

  async #readNewPrice(readers: readonly Instance[]): Promise<void> {
    const products = await Promise.all(readers.map((reader) => reader.read(PRODUCT)));
    for (const [index, { price }] of products.entries()) {
      must(price === this.#price, `${readers[index]?.name ?? ''} serves the price ${price} and not ${this.#price}`);
    }
  }

  async #nodeOf({ name }: Instance): Promise<string> {
    const { answered } = await this.#first.stats();
    return answered.find(({ instance }) => instance === name)?.node ?? '';
  }

  #until(instance: Instance, fits: (stats: StatsOfAll) => boolean): Promise<void> {
    return this.#untilTrue(`${instance.name} does not list whom it must`, async () => fits(await instance.stats()));
  }

  /** Asks again and again. */
  async #untilTrue(otherwise: string, ask: () => Promise<boolean>): Promise<void> {
    const endsAt = performance.now() + DEADLINE_MS;
    while (!(await ask())) {
      must(performance.now() < endsAt, `${otherwise} after ${DEADLINE_MS} ms`);
      await delay(ASK_EVERY_MS, undefined, { ref: false });
    }
  }

  #title(text: string): void {
    this.#step++;
    console.log(`${this.#step}. ${text}`);
  }
}

function isList({ answered, silent }: StatsOfAll, names: string, nodes: readonly string[] = []): boolean {
  const [who, missing] = [answered.map(({ instance }) => instance), silent.map(({ id }) => id)];
  return who.join('') === names && missing.join() === nodes.join();
}

function show({ answered, silent }: StatsOfAll): void {
  for (const { instance, hits, misses, size } of answered) {
    console.log(`   ${instance}: ${hits} hits, ${misses} misses, ${size} held`);
  }
  for (const { id, address } of silent) console.log(`   no answer from ${id} at ${address}`);
  console.log();
}

function must(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
