/** A store in memory whose `set` can be held up. */
export class HeldStore extends Map<string, unknown> {
  /** Waited for by the next calls of `set`, one each. */
  readonly holds: Promise<void>[] = [];

  // Keyv awaits what it returns.
  override set(key: string, value: unknown): this {
    const hold = this.holds.shift();
    if (hold === undefined) return super.set(key, value);
    return hold.then(() => super.set(key, value)) as unknown as this;
  }
}
