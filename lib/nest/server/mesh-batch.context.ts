import { BaseRpcContext } from '@nestjs/microservices';
import type { MeshEvent } from '../../bus/mesh-event.js';

/**
 * What `@Ctx()` gives to a batch handler, and `context.switchToRpc().getContext()` to a guard, an interceptor or a
 * filter in front of it, in the place of a `MeshContext`: there is no one key that it is about.
 */
export class MeshBatchContext extends BaseRpcContext<[events: readonly MeshEvent[], pattern: string]> {
  /** All events of the batch, in the order in which they came; at least one. */
  getEvents(): readonly MeshEvent[] {
    return this.args[0];
  }

  /** How many there are. */
  getSize(): number {
    return this.args[0].length;
  }

  /** The handler's own pattern that the keys matched; of an object or a number, what Nest makes of it as text. */
  getPattern(): string {
    return this.args[1];
  }
}
