import { fragmentCount } from '../wire/fragment-codec.js';
import type { KeyAttachment } from '../wire/key-attachment.js';

/** Of the few that take more than one. Beside the events, as users see all that those have. */
const loads = new WeakMap<object, number>();

/** Remembers how long something that came is. */
export function noteLoad(event: object, attachment: Pick<KeyAttachment, 'data' | 'metadata'> | undefined): void {
  const bytes = (attachment?.data?.length ?? 0) + (attachment?.metadata?.length ?? 0);
  const load = fragmentCount(bytes);
  if (load > 1) loads.set(event, load);
}

/** How much of the room for what waits it takes: one, or one for each fragment that it came in. */
export function loadOf(event: object): number {
  return loads.get(event) ?? 1;
}
