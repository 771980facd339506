import type { MeshMetadata } from '../../bus/mesh-event.js';

/** Marks a record for every copy of this library that a process may have loaded. */
const MESH_RECORD_BRAND = Symbol.for('nestjs-mesh.record');

/** What may be said of one event besides its data. */
export interface MeshRecordOptions {
  /** Strings by name, which a handler reads by `context.getMetadata()`. Default none. */
  readonly metadata?: MeshMetadata | undefined;
}

/** Data together with options of this one event: `emit` takes it in the place of data. `MeshRecordBuilder` makes it. */
export class MeshRecord<TData = unknown> {
  readonly [MESH_RECORD_BRAND] = true;
  readonly data: TData | undefined;
  readonly options: MeshRecordOptions;

  constructor(data?: TData, options: MeshRecordOptions = {}) {
    this.data = data;
    this.options = options;
  }
}

/** Whether the value is a record, made by whichever copy of this library: by a brand, as `instanceof` knows its own only. */
export function isMeshRecord(value: unknown): value is MeshRecord {
  return typeof value === 'object' && value !== null && MESH_RECORD_BRAND in value;
}
