/** A server that processes share, such as Redis, as a store of Keyv sees it: asynchronous, and found by an address. */
export class SharedServer {
  readonly entries = new Map<string, unknown>();
  deletions = 0;

  connect(): SharedStore {
    return new SharedStore(this);
  }
}

export class SharedStore {
  readonly url = 'shared://server';
  namespace: string | undefined;
  readonly #server: SharedServer;
  /** Held up where a test wants to do something first. */
  beforeSet: (key: string) => Promise<void> = async () => Promise.resolve();
  beforeGet: (key: string) => Promise<void> = async () => Promise.resolve();
  beforeDelete: (key: string) => Promise<void> = async () => Promise.resolve();

  constructor(server: SharedServer) {
    this.#server = server;
  }

  async get(key: string): Promise<unknown> {
    const value = this.#server.entries.get(key);
    await this.beforeGet(key);
    return value;
  }

  async set(key: string, value: unknown): Promise<void> {
    await this.beforeSet(key);
    this.#server.entries.set(key, value);
  }

  async delete(key: string): Promise<boolean> {
    await this.beforeDelete(key);
    this.#server.deletions++;
    return this.#server.entries.delete(key);
  }

  async clear(): Promise<void> {
    await Promise.resolve();
    this.#server.entries.clear();
  }

  async *iterator(): AsyncGenerator<[string, unknown]> {
    for (const entry of this.#server.entries) yield await Promise.resolve(entry);
  }
}
