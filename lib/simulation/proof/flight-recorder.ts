import type { NodeEvent } from '../../core/node-event.js';
import type { Endpoint } from '../../primitives/endpoint.js';
import type { Instant } from '../../primitives/instant.js';
import type { NodeId } from '../../primitives/node-id.js';
import type { Carriage, DropCause } from '../simulator-observer.js';
import { packetText, subjectsOf } from './packet-text.js';
import type { WorldNode } from './world-node.js';

/** What to write down: nothing else is, and where a part is missing it may be anything. */
export interface Focus {
  /** Datagrams to and from this node, and what it tells. */
  readonly node?: string | undefined;
  /** Of those, the ones of or about this node. */
  readonly origin?: string | undefined;
  readonly key?: string | undefined;
}

const LINES_KEPT = 20_000;

export interface FlightLine {
  readonly at: Instant;
  readonly text: string;
}

/** Writes down what concerns one node, origin or key: a run is repeated with it to see how it came to its end. */
export class FlightRecorder {
  readonly lines: FlightLine[] = [];
  readonly #focus: Focus;
  readonly #names = new Map<NodeId, string>();
  readonly #places = new Map<Endpoint, string>();

  constructor(focus: Focus) {
    this.#focus = focus;
  }

  introduce(id: NodeId, name: string): void {
    this.#names.set(id, name);
  }

  locate(endpoint: Endpoint, name: string): void {
    this.#places.set(endpoint, name);
  }

  note(at: Instant, text: string): void {
    if (this.lines.length < LINES_KEPT) this.lines.push({ at, text: text.trimEnd() });
  }

  noteCarried(carriage: Carriage): void {
    if (this.#concerns(carriage)) this.note(carriage.at, `${this.#way(carriage)} sent      ${this.#text(carriage)}`);
  }

  noteDropped(at: Instant, carriage: Carriage, cause: DropCause): void {
    if (this.#concerns(carriage)) this.note(at, `${this.#way(carriage)} ${cause.padEnd(9)} ${this.#text(carriage)}`);
  }

  noteArrived(at: Instant, carriage: Carriage): void {
    if (this.#concerns(carriage)) this.note(at, `${this.#way(carriage)} read      ${this.#text(carriage)}`);
  }

  noteEvent(at: Instant, { name, id }: WorldNode, event: NodeEvent): void {
    const { node, origin, key } = this.#focus;
    this.#names.set(id, name);
    if (node !== undefined && node !== name) return;
    const text = this.#eventText(event, origin, key);
    if (text !== undefined) this.note(at, `${name} tells ${text}`);
  }

  #eventText(event: NodeEvent, origin: string | undefined, key: string | undefined): string | undefined {
    switch (event.kind) {
      case 'request':
        return `request ${this.#name(event.origin.id)} [${event.keys.join(' ')}]`;
      case 'reply':
      case 'cancelled':
      case 'receipt':
      case 'covered':
        return `${event.kind} ${event.token}`;
      case 'status':
        return `status ${event.status}`;
      case 'peer':
        return isFocus(origin, this.#name(event.peer.id))
          ? `${this.#name(event.peer.id)} ${event.peer.state}`
          : undefined;
      case 'resync': {
        const extent = event.buckets === 'all' ? 'all' : `${event.buckets.size} buckets`;
        const covers = key === undefined || event.buckets === 'all' || event.buckets.matches(key);
        const whose = event.origin === undefined ? 'anyone' : this.#name(event.origin);
        return `resync ${event.reason} of ${whose}: ${extent}${covers ? '' : `, not ${key}`}`;
      }
      case 'keys':
        if (key !== undefined ? !event.keys.includes(key) : !isFocus(origin, this.#name(event.origin.id)))
          return undefined;
        return `keys ${this.#name(event.origin.id)}#${event.sequence} [${key ?? event.keys.slice(0, 4).join(' ')}]`;
      case 'matching':
        return `matching ${this.#name(event.origin.id)}#${event.sequence} [${event.patterns.join(' ')}]`;
      case 'warning':
        return `warning ${event.warning.code}`;
      case 'flushed':
        return undefined;
    }
  }

  #concerns({ from, to, bytes }: Carriage): boolean {
    const { node, origin } = this.#focus;
    if (from === to || this.lines.length >= LINES_KEPT) return false;
    if (node !== undefined && this.#place(from) !== node && this.#place(to) !== node) return false;
    return origin === undefined || subjectsOf(bytes).some((id) => this.#name(id) === origin);
  }

  #way({ from, to, viaGroup }: Carriage): string {
    return `${this.#place(from)}→${this.#place(to)}${viaGroup ? '*' : ' '}`.padEnd(9);
  }

  #text({ bytes }: Carriage): string {
    return packetText(bytes, (id) => this.#name(id));
  }

  #name(id: NodeId): string {
    return this.#names.get(id) ?? Buffer.from(id, 'latin1').toString('hex').slice(0, 8);
  }

  #place(endpoint: Endpoint): string {
    return this.#places.get(endpoint) ?? endpoint;
  }
}

function isFocus(focus: string | undefined, name: string): boolean {
  return focus === undefined || focus === name;
}
