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

/** One that sets many at once. */
export class HeldManyStore extends HeldStore {
  async setMany(entries: readonly { readonly key: string; readonly value: unknown }[]): Promise<boolean[]> {
    await this.holds.shift();
    for (const { key, value } of entries) this.set(key, value);
    return entries.map(() => true);
  }
}
