import { BaseRpcContext } from '@nestjs/microservices';
import type { MeshEvent } from '../../bus/mesh-event.js';

/**
 * Where an event or a request came from and how it was matched: what `@Ctx()` gives to a handler, and
 * `context.switchToRpc().getContext()` to a guard, an interceptor or a filter.
 */
export class MeshContext extends BaseRpcContext<[event: MeshEvent, pattern: string, signal?: AbortSignal]> {
  /** The key that was published or asked, always literal. */
  getKey(): string {
    return this.args[0].key;
  }

  /** The handler's own pattern that the key matched; of an object or a number, what Nest makes of it as text. */
  getPattern(): string {
    return this.args[1];
  }

  /** The node id of who published or asked, a UUID. It changes with each start of its bus. */
  getOrigin(): string {
    return this.args[0].origin;
  }

  /** Its `zone`, where it has one. */
  getZone(): string | undefined {
    return this.args[0].zone;
  }

  /** What was published along with the data, for instance by a dispatch hook. Frozen, and empty where there is none. */
  getMetadata(): Readonly<Record<string, string>> {
    return this.args[0].metadata;
  }

  /**
   * Of a request: aborts when nobody waits for its answer any more, as who asked has cancelled it, has let its time pass
   * or is gone; and when this node closes and the handler has not ended within a second. `undefined` for an event.
   */
  getSignal(): AbortSignal | undefined {
    return this.args[2];
  }
}
