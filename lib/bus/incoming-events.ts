import { Glob } from '../delivery/glob.js';
import type { OutgoingEvent } from '../delivery/pending-event.js';
import type { NodeEvent } from '../core/node-event.js';
import type { NodeId } from '../primitives/node-id.js';
import type { Fences } from '../reliability/fences.js';
import type { KeyAttachment } from '../wire/key-attachment.js';
import type { AskOutcome } from '../wire/receipt-packet.js';
import type { AwaitedEvents } from './awaited-events.js';
import { type EventData, NO_METADATA } from './event-data.js';
import { noteLoad } from './event-load.js';
import type { Listeners } from './listeners.js';
import type { MeshEvent, MeshMatchingEvent } from './mesh-event.js';
import type { BusCounters } from './mesh-metrics.js';
import { formatNodeId } from './node-uuid.js';
import type { Subscriber } from './subscriber.js';
import type { Subscriptions } from './subscriptions.js';

/** Who published, and with which datagram. */
interface Source {
  readonly origin: string;
  readonly zone: string | undefined;
  readonly sequence: number;
}

interface Parts {
  readonly subscriptions: Subscriptions;
  readonly matching: Listeners<MeshMatchingEvent>;
  readonly counters: BusCounters;
  readonly fences: Fences;
  readonly awaited: AwaitedEvents;
  readonly eventData: EventData;
  /** What has become of an event whose publisher waits. */
  readonly onOutcome: (publisher: NodeId, token: number, outcome: AskOutcome) => void;
  /** Called when a matching event came and nobody listens to those. */
  readonly onUnheardMatching: () => void;
}

/** Events on their way to subscribers: those of others, and own ones where the bus delivers these too. */
export class IncomingEvents {
  readonly #parts: Parts;
  readonly #self: Source;

  constructor(self: Omit<Source, 'sequence'>, parts: Parts) {
    this.#self = { ...self, sequence: 0 };
    this.#parts = parts;
  }

  handleKeys(event: NodeEvent & { readonly kind: 'keys' }): void {
    const { keys, attachments } = event;
    // All of them before any handler runs, which may look at any of their fences.
    for (const key of keys) this.#parts.fences.moveKey(key);
    let source: Source | undefined;
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index]!;
      const subscribers = this.#parts.subscriptions.match(key);
      const attachment = attachments?.get(index);
      // Most keys concern nobody here, and then there is nothing to parse.
      if (subscribers.length === 0 && attachment?.ask === undefined) continue;
      source ??= sourceOf(event);
      if (attachment?.ask !== undefined) this.#tellAwaited(subscribers, key, attachment, event);
      else this.#tell(subscribers, key, attachment, source);
    }
  }

  handleMatching(event: NodeEvent & { readonly kind: 'matching' }): void {
    for (const pattern of event.patterns) this.#parts.fences.movePattern(pattern);
    const source = sourceOf(event);
    for (const pattern of event.patterns) this.#tellMatching(pattern, source);
  }

  handleOwn(events: readonly OutgoingEvent[]): void {
    this.#parts.counters.selfDelivered += events.length;
    for (const event of events) {
      if (event.kind === 'matching') this.#tellMatching(event.key, this.#self);
      else this.#tell(this.#parts.subscriptions.match(event.key), event.key, event, this.#self);
    }
  }

  #tellAwaited(
    subscribers: readonly Subscriber[],
    key: string,
    attachment: KeyAttachment,
    heard: NodeEvent & { readonly kind: 'keys' },
  ): void {
    const { awaited, subscriptions, onOutcome } = this.#parts;
    const event = this.#eventOf(key, attachment, sourceOf(heard));
    awaited.run(
      event,
      () => subscriptions.tell(subscribers, event),
      (outcome) => onOutcome(heard.origin.id, attachment.ask!.token, outcome),
    );
  }

  #tell(subscribers: readonly Subscriber[], key: string, attachment: KeyAttachment | undefined, source: Source): void {
    if (subscribers.length === 0) return;
    this.#parts.subscriptions.tell(subscribers, this.#eventOf(key, attachment, source));
  }

  #eventOf(key: string, attachment: KeyAttachment | undefined, source: Source): MeshEvent {
    const event: MeshEvent = {
      key,
      data: attachment?.data === undefined ? undefined : this.#parts.eventData.data(attachment.data),
      origin: source.origin,
      zone: source.zone,
      metadata: attachment?.metadata === undefined ? NO_METADATA : this.#parts.eventData.metadata(attachment.metadata),
      sequence: source.sequence,
    };
    noteLoad(event, attachment);
    return Object.freeze(event);
  }

  #tellMatching(pattern: string, source: Source): void {
    if (this.#parts.matching.size === 0) this.#parts.onUnheardMatching();
    else this.#parts.matching.tell(matchingEvent(pattern, source));
  }
}

/** The pattern is compiled when it is first asked: most listeners have nothing to ask. `matches` works on its own too. */
function matchingEvent(pattern: string, { origin, zone, sequence }: Source): MeshMatchingEvent {
  let glob: Glob | undefined;
  const matches = (key: string): boolean => (glob ??= new Glob(pattern)).matches(key);
  return Object.freeze({ pattern, origin, zone, sequence, matches });
}

function sourceOf({ origin, sequence }: NodeEvent & { readonly kind: 'keys' | 'matching' }): Source {
  return { origin: formatNodeId(origin.id), zone: origin.zone, sequence };
}
