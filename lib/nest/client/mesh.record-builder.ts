import type { MeshMetadata } from '../../bus/mesh-event.js';
import { MeshRecord, type MeshRecordOptions } from './mesh.record.js';

/**
 * Makes a `MeshRecord`, as the record builders of Nest's own transports do. What is wrong with it is said by the `emit`
 * that takes it.
 *
 * @example
 * client.emit('user:renamed', new MeshRecordBuilder({ id: 42 }).setMetadata({ traceparent }).build());
 */
export class MeshRecordBuilder<TData = unknown> {
  #data: TData | undefined;
  #options: MeshRecordOptions = {};

  /** @param data none, `null` or `undefined` for a bare key, which may have metadata too */
  constructor(data?: TData) {
    this.#data = data;
  }

  setData(data: TData | undefined): this {
    this.#data = data;
    return this;
  }

  /** Strings by name, in the place of those set before. They win over what a dispatch hook of Nest 12 sets. */
  setMetadata(metadata: MeshMetadata | undefined): this {
    this.#options = { ...this.#options, metadata };
    return this;
  }

  build(): MeshRecord<TData> {
    return new MeshRecord(this.#data, this.#options);
  }
}
