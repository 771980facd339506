import { defer, finalize, isObservable, type Observable, tap } from 'rxjs';

/**
 * One event, or one batch, on its way through the handlers of a pattern. It knows when all of them have ended, which
 * Nest does not: its `handleEvent` waits for no Observable.
 */
export class Delivery {
  #running = 0;
  /** Observables that were returned and that nobody has subscribed to yet. */
  readonly #unsubscribed = new Set<Observable<unknown>>();
  #isGivenUp = false;
  #failure: { readonly error: unknown } | undefined;
  #onEnd: (() => void) | undefined;

  /** Awaits one handler, and returns what it returns. */
  async follow(run: unknown): Promise<unknown> {
    this.#running++;
    let result: unknown;
    try {
      result = await run;
    } catch (error) {
      this.fail(error);
      this.#end();
      throw error;
    }
    if (isObservable(result) && !this.#isGivenUp) return this.#watch(result);
    this.#end();
    return result;
  }

  /** The first failure is the one that counts. */
  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  /** Whatever has been returned and not been subscribed to will not be. */
  giveUp(): void {
    this.#isGivenUp = true;
    const count = this.#unsubscribed.size;
    this.#unsubscribed.clear();
    for (let ended = 0; ended < count; ended++) this.#end();
  }

  /**
   * Resolves when all handlers that have begun by now have ended.
   *
   * @throws the first failure of a handler
   */
  async end(): Promise<void> {
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#onEnd = resolve));
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #watch(source: Observable<unknown>): Observable<unknown> {
    this.#unsubscribed.add(source);
    return defer(() => {
      this.#unsubscribed.delete(source);
      return source;
    }).pipe(
      tap({ error: (error: unknown) => this.fail(error) }),
      finalize(() => this.#end()),
    );
  }

  #end(): void {
    if (--this.#running === 0) this.#onEnd?.();
  }
}
