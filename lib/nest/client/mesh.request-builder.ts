import type { MeshMetadata } from '../../bus/mesh-event.js';
import type { MeshRequestOptions } from '../../bus/mesh-request.js';
import { MeshRecord, type MeshRecordOptions } from './mesh.record.js';

/** What may be said of one request besides its data: whom it asks, and how long it waits. */
export interface MeshRequestRecordOptions extends MeshRecordOptions, Omit<MeshRequestOptions, 'data' | 'metadata'> {}

/** A record for `send`, with options of a request. An `emit` that takes it knows its metadata only. */
export type MeshRequestRecord<TData = unknown> = MeshRecord<TData, MeshRequestRecordOptions>;

/**
 * Makes a record for `send`. What is wrong with it is said by the `send` that takes it.
 *
 * @example
 * client.send<number>('cache:size', new MeshRequestBuilder({ of: 'users' }).expect('all').timeout(500).build());
 */
export class MeshRequestBuilder<TData = unknown> {
  #data: TData | undefined;
  #options: MeshRequestRecordOptions = {};

  /** @param data none, `null` or `undefined` for a request without: its handlers get `undefined` */
  constructor(data?: TData) {
    this.#data = data;
  }

  setData(data: TData | undefined): this {
    this.#data = data;
    return this;
  }

  /** Strings by name, in the place of those set before. They win over what a dispatch hook of Nest 12 sets. */
  setMetadata(metadata: MeshMetadata | undefined): this {
    return this.#set({ metadata });
  }

  /** Of how many instances answers are wanted: of all that are there, the default; of so many; or of the first, as 1. */
  expect(count: MeshRequestOptions['expect']): this {
    return this.#set({ expect: count });
  }

  /** How long to wait, in milliseconds. Default 5000. */
  timeout(ms: number | undefined): this {
    return this.#set({ timeout: ms });
  }

  /** Asks the instances of this zone only. */
  zone(zone: string | undefined): this {
    return this.#set({ zone });
  }

  /** Does not ask the handlers of this process, where they share the bus of the client. */
  excludeSelf(isExcluded = true): this {
    return this.#set({ excludeSelf: isExcluded });
  }

  build(): MeshRequestRecord<TData> {
    return new MeshRecord(this.#data, this.#options);
  }

  #set(options: MeshRequestRecordOptions): this {
    this.#options = { ...this.#options, ...options };
    return this;
  }
}
