import type { Bench, Contestant, Runner, Sample } from './measurement.js';
import { type Heard, Stream, type StreamPlan } from './stream.js';

const FIRST_COUNT = 20_000;
const ROUND_S = 1;

/** In these it is found out how many events take as long as a round should. */
export const RATE_WARM_UPS = 2;

/** Events a second, from the first to the last call of a handler, wherever they are. */
export class RateRunner implements Runner {
  readonly #stream: Stream;
  readonly #scale: number;
  readonly #figure: string;
  #count: number;
  #warmUps = RATE_WARM_UPS;

  private constructor(stream: Stream, scale: number, figure: string) {
    this.#stream = stream;
    this.#scale = scale;
    this.#figure = figure;
    this.#count = Math.ceil(FIRST_COUNT * scale);
  }

  static async open(plan: StreamPlan, bench: Bench, figure: string): Promise<RateRunner> {
    return new RateRunner(await Stream.open(plan, bench), bench.scale, figure);
  }

  async measure(): Promise<Sample> {
    const heard = await this.#stream.send(this.#count, 'emit');
    const rate = rateOf(heard);
    const due = this.#count * heard.length;
    const lost = due - heard.reduce((sum, { count }) => sum + count, 0);
    if (this.#warmUps-- > 0) this.#count = Math.ceil(rate * ROUND_S * this.#scale);
    return { figures: { [this.#figure]: rate }, due, lost };
  }

  close(): Promise<void> {
    return this.#stream.close();
  }
}

/** One of a measurement of rates. */
export function rateContestant(name: string, figure: string, plan: StreamPlan): Contestant {
  const { needs } = plan;
  return { name, ...(needs && { needs }), open: (bench) => RateRunner.open(plan, bench, figure) };
}

/** By the slowest receiver. */
function rateOf(heard: readonly Heard[]): number {
  const firstAt = Math.min(...heard.map((one) => one.firstAt));
  const lastAt = Math.max(...heard.map((one) => one.lastAt));
  const count = Math.min(...heard.map((one) => one.count));
  return ((count - 1) * 1000) / (lastAt - firstAt);
}
