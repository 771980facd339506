import { EventPattern } from '@nestjs/microservices';
import { meshTransport } from '../mesh-transport.js';

/**
 * Marks an event handler that gets all events of one turn together, as a `readonly MeshEvent[]`, of one event too. Guards,
 * pipes, interceptors and filters run once for each batch, and `@Ctx()` is a `MeshBatchContext`. The same as
 * `@EventPattern(pattern, MESH_TRANSPORT, { batch: true })`.
 *
 * It is for handlers that are cheaper for many keys at once, and for more than some 100,000 events/s.
 *
 * @param name of the mesh that `MeshModule.forRoot({ name })` made
 * @example
 * \@MeshBatch('user:*')
 * onUsers(@Payload() events: readonly MeshEvent[]) { … }
 */
export function MeshBatch(pattern: unknown, name?: string): MethodDecorator {
  return EventPattern(pattern, meshTransport(name), { batch: true });
}
