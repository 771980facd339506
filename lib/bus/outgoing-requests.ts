import { MeshError } from '../errors/mesh-error.js';
import type { OutgoingEvent } from '../delivery/pending-event.js';
import type { PeerView } from '../membership/peer-view.js';
import type { NodeId } from '../primitives/node-id.js';
import type { Clock, Timer } from '../runtime/ports.js';
import type { AskOutcome } from '../wire/receipt-packet.js';
import { checkTimeout, checkWholeNumber } from './checks.js';
import { type EventData, NO_METADATA } from './event-data.js';
import { noteLoad } from './event-load.js';
import type { HandlerRunner } from './handler-runner.js';
import type { HandlerRuns } from './handler-runs.js';
import { heardObserver } from './heard-observer.js';
import type { MeshReplyObserver, MeshRequestOptions } from './mesh-request.js';
import { formatNodeId } from './node-uuid.js';
import { QuestionRun } from './question-run.js';
import { ReplyPort } from './reply-port.js';
import type { RegisteredResponder } from './responders.js';

const DEFAULT_TIMEOUT_MS = 5000;

export const NO_RESPONDER = 'nobody in the mesh answers such a question';

interface Parts {
  readonly id: string;
  readonly zone: string | undefined;
  readonly eventData: EventData;
  readonly runs: HandlerRuns;
  /** Tells observers. */
  readonly runner: HandlerRunner;
  readonly clock: () => Clock;
  readonly peers: () => readonly PeerView[];
  readonly nextToken: () => number;
  readonly open: (token: number, members: readonly NodeId[]) => void;
  readonly close: (token: number) => void;
}

/** What is asked, and how it goes out. */
export interface Question {
  readonly options: MeshRequestOptions;
  readonly observer: MeshReplyObserver;
  /** Who answers it in this process. */
  readonly own: RegisteredResponder | undefined;
  /** As it travels. */
  readonly event: OutgoingEvent;
  readonly publish: (token: number) => Promise<void>;
}

interface Asked {
  readonly token: number;
  readonly observer: MeshReplyObserver;
  readonly wanted: number;
  readonly timeoutMs: number;
  /** Who has not answered to the end. */
  readonly pending: Set<NodeId | 'self'>;
  answered: number;
  failure: { readonly reason: unknown } | undefined;
  timer: Timer | undefined;
  own: ReplyPort | undefined;
}

/** Questions of this node, and what has come of their answers. */
export class OutgoingRequests {
  readonly #parts: Parts;
  readonly #asked = new Map<number, Asked>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** @throws MeshError `MESH_ERR_ARGUMENT`, `MESH_ERR_BACKPRESSURE` */
  ask(question: Question): () => void {
    const asked = this.#open(question);
    const members = [...asked.pending].filter((id): id is NodeId => id !== 'self');
    const clock = this.#parts.clock();
    asked.timer = clock.schedule(clock.now() + asked.timeoutMs, () => this.#expire(asked));
    if (members.length > 0) {
      this.#parts.open(asked.token, members);
      this.#publish(asked, question);
    }
    if (asked.pending.has('self')) this.#askSelf(asked, question);
    // Not within this call: whoever asks has not got what cancels yet.
    if (asked.pending.size === 0) asked.timer = this.#reviewSoon(asked);
    return () => this.#close(asked);
  }

  noteReply(from: NodeId, token: number, value: Buffer, isError: boolean): void {
    const asked = this.#asked.get(token);
    if (asked === undefined) return;
    const said = value.length === 0 ? undefined : this.#parts.eventData.data(value);
    if (isError) asked.failure ??= { reason: said };
    else asked.observer.next(said, formatNodeId(from));
  }

  noteOutcome(from: NodeId, token: number, outcome: AskOutcome): void {
    const asked = this.#asked.get(token);
    if (asked !== undefined) this.#settle(asked, from, outcome === 'ran' || outcome === 'refused');
  }

  notePeer({ id, state }: PeerView): void {
    if (state !== 'dead' && state !== 'left') return;
    for (const asked of this.#asked.values()) this.#settle(asked, id, false);
  }

  /** Nobody will answer any more. */
  fail(reason: MeshError): void {
    for (const asked of this.#asked.values()) this.#fail(asked, reason);
  }

  #open({ options, observer, own }: Question): Asked {
    const { timeout: timeoutMs = DEFAULT_TIMEOUT_MS, expect = 'all', zone, excludeSelf = false } = options;
    checkTimeout(timeoutMs);
    if (expect !== 'all' && expect !== 'first') checkWholeNumber('expect', expect, 1, Number.MAX_SAFE_INTEGER);
    const isMeant = (where: string | undefined): boolean => zone === undefined || where === zone;
    const members = this.#parts.peers().filter((peer) => !peer.legacy && !peer.client && isMeant(peer.zone));
    const pending = new Set<NodeId | 'self'>(members.map(({ id }) => id));
    if (own !== undefined && !excludeSelf && isMeant(this.#parts.zone)) pending.add('self');
    const wanted = expect === 'all' ? Number.POSITIVE_INFINITY : expect === 'first' ? 1 : expect;
    const asked: Asked = {
      ...{ token: this.#parts.nextToken(), observer: heardObserver(observer, this.#parts.runner) },
      ...{ wanted, timeoutMs, pending, answered: 0 },
      ...{ failure: undefined, timer: undefined, own: undefined },
    };
    this.#asked.set(asked.token, asked);
    return asked;
  }

  /** What is refused was never asked. */
  #publish(asked: Asked, { publish }: Question): void {
    try {
      publish(asked.token).catch((error: unknown) => this.#fail(asked, error));
    } catch (error) {
      this.#close(asked);
      throw error;
    }
  }

  #askSelf(asked: Asked, { event, own }: Question): void {
    const { id: origin, zone, eventData, runs } = this.#parts;
    const port = new ReplyPort({
      say: (value, isError) => {
        const said = value.length === 0 ? undefined : eventData.data(value);
        if (!this.#asked.has(asked.token)) return true;
        if (isError) asked.failure ??= { reason: said };
        else asked.observer.next(said, origin);
        return true;
      },
      end: () => {
        runs.withdraw(question);
        this.#settle(asked, 'self', true);
      },
    });
    asked.own = port;
    // Read again, as others read it: whoever asks keeps his objects for himself.
    const data = event.data === undefined ? undefined : eventData.data(event.data);
    const metadata = event.metadata === undefined ? NO_METADATA : eventData.metadata(event.metadata);
    // Behind this call, as the answers of others come.
    const request = { key: event.key, data, origin, zone, metadata };
    noteLoad(request, event);
    const question = new QuestionRun(port, own!, request);
    void Promise.resolve().then(() => runs.ask(question));
  }

  #settle(asked: Asked, from: NodeId | 'self', hasAnswered: boolean): void {
    if (!this.#asked.has(asked.token) || !asked.pending.delete(from)) return;
    if (hasAnswered) asked.answered++;
    this.#review(asked);
  }

  #review(asked: Asked): void {
    if (asked.answered < asked.wanted && asked.pending.size > 0) return;
    if (asked.answered > 0) return this.#finish(asked);
    this.#fail(asked, new MeshError('MESH_ERR_NO_HANDLER', NO_RESPONDER));
  }

  #reviewSoon(asked: Asked): Timer {
    asked.timer?.cancel();
    return this.#parts.clock().scheduleImmediate(() => this.#review(asked));
  }

  #expire(asked: Asked): void {
    if (asked.answered > 0) return this.#finish(asked);
    this.#fail(asked, new MeshError('MESH_ERR_TIMEOUT', `nobody has answered within ${asked.timeoutMs} ms`));
  }

  /** A failure of one is told behind what all others have said. */
  #finish(asked: Asked): void {
    if (asked.failure !== undefined) this.#fail(asked, asked.failure.reason);
    else if (this.#close(asked)) asked.observer.complete();
  }

  #fail(asked: Asked, reason: unknown): void {
    if (this.#close(asked)) asked.observer.error(reason);
  }

  /** Whether it was open. */
  #close(asked: Asked): boolean {
    if (!this.#asked.delete(asked.token)) return false;
    asked.timer?.cancel();
    asked.own?.cancel();
    this.#parts.close(asked.token);
    return true;
  }
}
