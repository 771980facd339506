import type { MeshRecordOptions } from './mesh.record.js';
import { RecordBuilder } from './record-builder.js';

/**
 * Makes a `MeshRecord`, as the record builders of Nest's own transports do. What is wrong with it is said by the `emit`
 * that takes it. Without data, or with `null` or `undefined`, it is a bare key, which may have metadata too.
 *
 * @example
 * client.emit('user:renamed', new MeshRecordBuilder({ id: 42 }).setMetadata({ traceparent }).build());
 */
export class MeshRecordBuilder<TData = unknown> extends RecordBuilder<TData, MeshRecordOptions> {}
