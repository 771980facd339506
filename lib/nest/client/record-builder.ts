import type { MeshMetadata } from '../../bus/mesh-event.js';
import { MeshRecord, type MeshRecordOptions } from './mesh.record.js';

/** What the builders of all records have in common. */
export abstract class RecordBuilder<TData, TOptions extends MeshRecordOptions> {
  #data: TData | undefined;
  #options: Partial<TOptions> = {};

  constructor(data?: TData) {
    this.#data = data;
  }

  setData(data: TData | undefined): this {
    this.#data = data;
    return this;
  }

  /** Strings by name, in the place of those set before. They win over what a dispatch hook of Nest 12 sets. */
  setMetadata(metadata: MeshMetadata | undefined): this {
    return this.set({ metadata } as Partial<TOptions>);
  }

  build(): MeshRecord<TData, TOptions> {
    return new MeshRecord(this.#data, this.#options as TOptions);
  }

  protected set(options: Partial<TOptions>): this {
    this.#options = { ...this.#options, ...options };
    return this;
  }
}
