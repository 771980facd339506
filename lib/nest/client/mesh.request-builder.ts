import type { MeshRequestOptions } from '../../bus/mesh-request.js';
import type { MeshRecord, MeshRecordOptions } from './mesh.record.js';
import { RecordBuilder } from './record-builder.js';

/** What may be said of one request besides its data: whom it asks, and how long it waits. */
export interface MeshRequestRecordOptions extends MeshRecordOptions, Omit<MeshRequestOptions, 'data' | 'metadata'> {}

/** A record for `send`, with options of a request. An `emit` that takes it knows its metadata only. */
export type MeshRequestRecord<TData = unknown> = MeshRecord<TData, MeshRequestRecordOptions>;

/**
 * Makes a record for `send`. What is wrong with it is said by the `send` that takes it. Without data, or with `null` or
 * `undefined`, its handlers get `undefined`.
 *
 * @example
 * client.send<number>('cache:size', new MeshRequestBuilder({ of: 'users' }).expect('all').timeout(500).build());
 */
export class MeshRequestBuilder<TData = unknown> extends RecordBuilder<TData, MeshRequestRecordOptions> {
  /** Of how many instances answers are wanted: of all that are there, the default; of so many; or of the first, as 1. */
  expect(count: MeshRequestOptions['expect']): this {
    return this.set({ expect: count });
  }

  /** How long to wait, in milliseconds. Default 5000. */
  timeout(ms: number | undefined): this {
    return this.set({ timeout: ms });
  }

  /** Asks the instances of this zone only. */
  zone(zone: string | undefined): this {
    return this.set({ zone });
  }

  /** Does not ask the handlers of this process, where they share the bus of the client. */
  excludeSelf(isExcluded = true): this {
    return this.set({ excludeSelf: isExcluded });
  }
}
