import type { NodeWarning } from '../core/node-event.js';
import type { OutgoingEvent } from '../delivery/pending-event.js';
import type { PeerView } from '../membership/peer-view.js';
import type { MeshLimits } from '../options/mesh-limits.js';
import { assertNever } from '../primitives/assert-never.js';
import { Glob } from '../delivery/glob.js';
import { Fences } from '../reliability/fences.js';
import type { Timer } from '../runtime/ports.js';
import type { NodeId } from '../primitives/node-id.js';
import type { AskOutcome } from '../wire/receipt-packet.js';
import { AwaitedEvents } from './awaited-events.js';
import { onAbort } from './abort.js';
import type { BusLog } from './bus-log.js';
import { UNHEARD_MATCHING, unheardResyncMessage } from './bus-messages.js';
import { checkListener, checkSignal, checkWholeNumber } from './checks.js';
import { EventData } from './event-data.js';
import { EventStream } from './event-stream.js';
import { HandlerOverload } from './handler-overload.js';
import { type HandlerRun, HandlerRunner } from './handler-runner.js';
import { HandlerRuns } from './handler-runs.js';
import { IncomingEvents } from './incoming-events.js';
import { Listeners } from './listeners.js';
import type { MeshMatchingEvent } from './mesh-event.js';
import { newBusCounters } from './mesh-metrics.js';
import type { MeshPeer, MeshRole } from './mesh-peer.js';
import { type MeshResync, meshResync, type ResyncCause } from './mesh-resync.js';
import type { HeardEvent } from './mesh-session.js';
import type { MeshStatus } from './mesh-status.js';
import type { MeshListenOptions, MeshStreamOptions, MeshSubscription } from './mesh-subscription.js';
import { ResyncMerger } from './resync-merger.js';
import { Subscriptions } from './subscriptions.js';

/** What concerns questions and answers, and not those who listen. */
export type AnswerEvent = HeardEvent & { readonly kind: 'receipt' | 'request' | 'reply' | 'cancelled' };

export interface StatusChange {
  readonly status: MeshStatus;
  readonly previous: MeshStatus;
}

export type StatusListener = (status: MeshStatus, previous: MeshStatus) => unknown;

interface AudienceParts {
  readonly id: string;
  readonly zone: string | undefined;
  readonly role: MeshRole;
  readonly log: BusLog;
  readonly limits: MeshLimits;
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
  readonly schedule: (delayMs: number, callback: () => void) => Timer;
  /** Whether all that others publish is heard now, as far as is known. */
  readonly isHearing: () => boolean;
  readonly describe: (peer: PeerView) => MeshPeer;
  /** What has become of an event whose publisher waits. */
  readonly onOutcome: (publisher: NodeId, token: number, outcome: AskOutcome) => void;
  readonly onWarning: (warning: NodeWarning) => void;
  readonly onRun: ((run: HandlerRun) => void) | undefined;
}

/** All in this process who listen to one bus, and the way from what happens to them. */
export class BusAudience {
  readonly counters = newBusCounters();
  readonly awaited = new AwaitedEvents();
  readonly eventData = new EventData(this.counters);
  readonly fences: Fences;
  readonly runner: HandlerRunner;
  readonly runs: HandlerRuns;
  readonly subscriptions: Subscriptions;
  readonly matching: Listeners<MeshMatchingEvent>;
  readonly resyncs: Listeners<MeshResync>;
  readonly statuses: Listeners<StatusChange>;
  readonly peers: Listeners<MeshPeer>;
  readonly #parts: AudienceParts;
  readonly #incoming: IncomingEvents;
  readonly #overload: HandlerOverload;
  readonly #merger: ResyncMerger;
  readonly #streams = new Set<EventStream>();

  constructor(parts: AudienceParts) {
    const runner = new HandlerRunner(parts.log, this.counters, parts.now, parts.onRun);
    this.#parts = parts;
    this.runner = runner;
    this.fences = new Fences({ isOpen: parts.isHearing, compile: (pattern) => new Glob(pattern) });
    this.#overload = new HandlerOverload({
      ...{ counters: this.counters, limits: parts.limits, log: parts.log, schedule: parts.schedule },
      raise: (cause) => this.raise(cause),
    });
    this.#merger = new ResyncMerger({
      ...{ now: parts.now, schedule: parts.schedule },
      raise: (cause) => this.raise(cause),
      onDelay: ({ buckets }) => this.fences.moveBuckets(buckets),
    });
    this.runs = new HandlerRuns({
      ...{ runner, awaited: this.awaited, bounds: parts.limits },
      onDrop: (events) => this.#overload.drop(events),
      onRefuse: () => this.#overload.refuse(),
    });
    this.subscriptions = new Subscriptions(this.runs, this.awaited);
    this.matching = new Listeners(runner);
    this.resyncs = new Listeners(runner);
    this.statuses = new Listeners(runner);
    this.peers = new Listeners(runner);
    this.#incoming = new IncomingEvents(
      { origin: parts.id, zone: parts.zone },
      {
        subscriptions: this.subscriptions,
        matching: this.matching,
        counters: this.counters,
        fences: this.fences,
        awaited: this.awaited,
        eventData: this.eventData,
        onOutcome: parts.onOutcome,
        onUnheardMatching: () => this.#warnOfUnheard('unheard-matching', UNHEARD_MATCHING),
      },
    );
  }

  handleEvent(event: Exclude<HeardEvent, AnswerEvent>): void {
    switch (event.kind) {
      case 'keys':
        return this.#incoming.handleKeys(event);
      case 'matching':
        return this.#incoming.handleMatching(event);
      case 'resync':
        return this.#merger.note(event);
      case 'peer':
        if (this.peers.size > 0) this.peers.tell(this.#parts.describe(event.peer));
        return;
      case 'warning':
        return this.#parts.onWarning(event.warning);
      case 'covered':
        return void this.#answerCovered(event.origin, event.token);
      default:
        assertNever(event);
    }
  }

  /** Own publishes make stale what is being loaded here, whether or not own subscribers are told of them. */
  moveFences(events: readonly OutgoingEvent[]): void {
    for (const { kind, key } of events) {
      if (kind === 'matching') this.fences.movePattern(key);
      else this.fences.moveKey(key);
    }
  }

  handleOwn(events: readonly OutgoingEvent[]): void {
    this.#incoming.handleOwn(events);
  }

  /**
   * Tells that keys may have been missed. Fences first: a listener may look at them.
   *
   * @param isWarning whether it is to be warned of where nobody listens
   */
  raise(cause: ResyncCause, isWarning = true): void {
    const { reason, buckets } = cause;
    this.counters.resyncs++;
    this.counters.resyncReasons[reason] = (this.counters.resyncReasons[reason] ?? 0) + 1;
    this.fences.moveBuckets(buckets);
    if (this.resyncs.size > 0) this.resyncs.tell(meshResync(cause));
    else if (isWarning) this.#warnOfUnheard('unheard-resync', unheardResyncMessage(reason));
  }

  onStatus(listener: StatusListener, options: MeshListenOptions | undefined): MeshSubscription {
    checkListener(listener);
    return this.statuses.add(({ status, previous }) => listener(status, previous), options);
  }

  /** A stream that is subscribed until it ends, by its reader, by its signal, or with the bus. */
  stream(pattern: string, options: MeshStreamOptions, defaultLimit: number): EventStream {
    const limit = options.limit ?? defaultLimit;
    checkWholeNumber('limit', limit, 1, Number.MAX_SAFE_INTEGER);
    checkSignal(options.signal);
    let stopAbort = (): void => undefined;
    const stream = new EventStream(limit, {
      onDrop: () => this.counters.streamDropped++,
      onEnd: () => {
        this.#streams.delete(stream);
        subscription.unsubscribe();
        stopAbort();
      },
    });
    const subscription = this.subscriptions.add(pattern, (event) => stream.push(event), undefined, false);
    this.#streams.add(stream);
    stopAbort = onAbort(options.signal, () => stream.cancel());
    return stream;
  }

  /** Nobody is told anything any more; streams can be read to their end. */
  dismiss(): void {
    for (const stream of this.#streams) stream.end();
    this.subscriptions.clear();
    this.#overload.close();
    this.#merger.flush();
    for (const listeners of [this.matching, this.resyncs, this.statuses, this.peers]) listeners.clear();
  }

  /** The event was missed. What stands for it is a resync, which was told before. */
  async #answerCovered(publisher: NodeId, token: number): Promise<void> {
    this.#merger.flush();
    const hasFailed = await this.resyncs.settled();
    if (this.resyncs.size > 0) this.#parts.onOutcome(publisher, token, hasFailed ? 'refused' : 'covered');
    else this.#parts.onOutcome(publisher, token, this.subscriptions.size === 0 ? 'idle' : 'refused');
  }

  /** A client only publishes: it holds nothing that could be stale. */
  #warnOfUnheard(code: string, message: string): void {
    if (this.#parts.role === 'member') this.#parts.log.warnOnce(code, message);
  }
}
