import type { MeshMetadata } from '../../bus/mesh-event.js';

/** Marks a record for every copy of this library that a process may have loaded. */
const MESH_RECORD_BRAND = Symbol.for('nestjs-mesh.record');

/** What may be said of one event or request besides its data. */
export interface MeshRecordOptions {
  /** Strings by name, which a handler reads by `context.getMetadata()`. Default none. */
  readonly metadata?: MeshMetadata | undefined;
}

/**
 * Data together with options of this one event or request: `emit` and `send` take it in the place of data.
 * `MeshRecordBuilder` makes it, and `MeshRequestBuilder` one with the options of a request.
 */
export class MeshRecord<TData = unknown, TOptions extends MeshRecordOptions = MeshRecordOptions> {
  readonly [MESH_RECORD_BRAND] = true;
  readonly data: TData | undefined;
  readonly options: TOptions;

  constructor(data?: TData, options?: TOptions) {
    this.data = data;
    // What options there may be is up to the record's reader: none is one of all kinds.
    this.options = options ?? ({} as TOptions);
  }
}

/** Whether the value is a record, made by whichever copy of this library: by a brand, as `instanceof` knows its own only. */
export function isMeshRecord(value: unknown): value is MeshRecord {
  return typeof value === 'object' && value !== null && MESH_RECORD_BRAND in value;
}
