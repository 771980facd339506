import type { NodeSealing } from '../core/sealing.js';
import type { OutgoingEvent } from '../delivery/pending-event.js';
import type { MeshOptions } from '../options/mesh-options.js';
import { resolveMeshOptions } from '../options/resolve-mesh-options.js';
import type { ResolvedMeshOptions } from '../options/resolved-mesh-options.js';
import { nodePorts } from '../runtime/node-ports.js';
import type { NodeId } from '../primitives/node-id.js';
import type { RuntimePorts } from '../runtime/ports.js';
import { soon } from '../runtime/soon.js';
import { Answers, isAnswerEvent } from './answers.js';
import { BusAudience } from './bus-audience.js';
import { BusLog } from './bus-log.js';
import { readyMessage, UNSEALED_IN_PRODUCTION, warningMessage } from './bus-messages.js';
import { makeSealing } from './bus-sealing.js';
import { checkSignal } from './checks.js';
import { CONSOLE_LOGGER } from './console-logger.js';
import type { HandlerRun } from './handler-runner.js';
import { type MeshMetrics, metricsOf } from './mesh-metrics.js';
import type { MeshRole } from './mesh-peer.js';
import type { MeshAwaitOptions } from './mesh-publish-options.js';
import type { MeshReceipt } from './mesh-receipt.js';
import type { MeshReplyObserver, MeshRequestOptions } from './mesh-request.js';
import type { ReceiptGoal } from './receipt-goals.js';
import { closedError, type HeardEvent, MeshSession } from './mesh-session.js';
import { everything } from './mesh-resync.js';
import type { MeshSnapshot } from './mesh-snapshot.js';
import type { MeshStatus } from './mesh-status.js';
import { formatNodeId, makeNodeId } from './node-uuid.js';
import { OutgoingEvents } from './outgoing-events.js';
import { PeerBook } from './peer-book.js';
import { PeerLog } from './peer-log.js';
import { ResyncLog } from './resync-log.js';
import { within } from './within.js';

/** How long handlers may take to end once the bus is to close. */
const CLOSE_GRACE_MS = 1000;

/** What the rest of the library and its tests may choose, and no user. */
export interface BusInternals {
  readonly role?: MeshRole;
  /** Makes the ports of one run and opens none. */
  readonly makePorts?: (options: ResolvedMeshOptions) => RuntimePorts;
  /** Default: a random UUID. */
  readonly makeId?: () => NodeId;
  /** Gets the parts of each bus that is made with these. */
  readonly onMade?: (engine: BusEngine) => void;
  /** Told of each asynchronous run of a handler. */
  readonly onRun?: (engine: BusEngine, run: HandlerRun) => void;
}

/** The parts of one bus, and what each tells the others. */
export class BusEngine {
  readonly id: string;
  readonly options: ResolvedMeshOptions;
  readonly outgoing: OutgoingEvents;
  readonly session: MeshSession;
  readonly peers: PeerBook;
  readonly answers: Answers;
  readonly audience: BusAudience;
  readonly sealing: NodeSealing | undefined;
  readonly log: BusLog;
  readonly #role: MeshRole;
  readonly #peerLog: PeerLog;
  readonly #resyncLog: ResyncLog;

  /** @throws MeshError `MESH_ERR_CONFIG` */
  constructor(options: MeshOptions | undefined, internals: BusInternals) {
    const { makeId = makeNodeId, makePorts = nodePorts, onRun } = internals;
    const nodeId = makeId();
    this.id = formatNodeId(nodeId);
    this.options = resolveMeshOptions(options, { logger: CONSOLE_LOGGER });
    this.outgoing = new OutgoingEvents(this.options.cluster);
    this.sealing = makeSealing(nodeId, this.options);
    this.#role = internals.role ?? 'member';
    this.log = new BusLog(this.options.logger);
    this.session = new MeshSession({
      ...{ id: nodeId, role: this.#role, options: this.options, sealing: this.sealing },
      makePorts,
      onEvent: (event) => this.#handleEvent(event),
      onWarning: (warning) => this.log.warn(warning.message),
      beforeClose: () => this.#lettingHandlersEnd(),
      onStatus: (status, previous) => this.#handleStatus(status, previous),
    });
    this.peers = new PeerBook({
      views: () => this.session.driver?.peers() ?? [],
      unreadable: () => this.session.driver?.unreadable() ?? [],
      clock: () => this.session.clock,
    });
    this.#peerLog = new PeerLog({
      cluster: this.options.cluster,
      clock: () => this.session.clock,
      peerCount: () => this.session.driver?.peers().length ?? 0,
      write: (message) => this.log.info(message),
    });
    this.#resyncLog = this.#makeResyncLog();
    this.audience = this.#makeAudience(onRun);
    this.answers = new Answers({
      ...{ id: this.id, zone: this.options.zone, audience: this.audience },
      clock: () => this.session.clock,
      driver: () => this.session.driver,
    });
    internals.onMade?.(this);
  }

  /** @throws MeshError `MESH_ERR_CLOSED` */
  checkOpen(): void {
    if (this.session.status === 'closing' || this.session.status === 'closed') throw closedError();
  }

  /** Publishes; a refusal is thrown, and then nothing was taken. */
  send(events: readonly OutgoingEvent[], signal: AbortSignal | undefined): Promise<void> {
    checkSignal(signal);
    signal?.throwIfAborted();
    // Before anything else can run: from here on what was loaded earlier is older than this write. What is refused
    // moves fences for nothing, which does no harm.
    this.audience.moveFences(events);
    const sent = this.session.publish(events, signal);
    // A handler must not run inside of its own publish. Nothing has left for the network before the end of this turn.
    if (this.options.selfDelivery) soon(() => this.audience.handleOwn(events));
    return sent;
  }

  /** Publishes, and waits for what others make of it. */
  async publishAndAwait(key: string, goal: ReceiptGoal, options: MeshAwaitOptions): Promise<MeshReceipt> {
    const { timeout, signal } = options;
    this.checkOpen();
    return this.answers.receipts.run({ goal, timeout, signal }, (token) =>
      this.send(this.outgoing.awaited(key, options, token), signal),
    );
  }

  /** Asks everyone, and tells the observer of their answers. Returns what cancels. */
  request(key: string, options: MeshRequestOptions, observer: MeshReplyObserver): () => void {
    this.session.checkRuns();
    const { data, metadata, zone } = options;
    // What is wrong is told before anybody is asked.
    const event = this.outgoing.request(key, { data, metadata }, { token: 0, zone })[0]!;
    const publish = (token: number): Promise<void> =>
      this.session.publish([{ ...event, ask: { token, zone } }], undefined);
    return this.answers.requests.ask({ event, options, observer, own: this.answers.responders.find(key), publish });
  }

  /** Handlers were bound to this bus: where it runs already, they have missed what came before. */
  noteHandlersBound(): void {
    const { status } = this.session;
    if (status !== 'ready' && status !== 'isolated') return;
    const { published, delivered } = this.metrics();
    // Where nothing was said before, an ordinary start is not worth a warning that something was missed.
    this.audience.raise(everything('join'), published + delivered > 0);
  }

  metrics(): MeshMetrics {
    return metricsOf(this.audience.counters, this.session.driver);
  }

  snapshot(): MeshSnapshot {
    const { driver, status } = this.session;
    const stats = driver?.stats();
    const transport = driver?.transport();
    return {
      id: this.id,
      cluster: this.options.cluster,
      zone: this.options.zone,
      role: this.#role,
      status,
      endpoints: transport?.endpoints ?? [],
      multicast: transport?.multicast ?? [],
      receiveBufferBytes: transport?.receiveBufferBytes,
      sealing: this.sealing?.mode ?? 'none',
      peers: this.peers.list(),
      unreadable: this.peers.unreadable(),
      unverifiedPeers: stats?.unverified ?? 0,
      pendingKeys: stats?.pendingKeys ?? 0,
      subscriptions: this.audience.subscriptions.size,
      metrics: this.metrics(),
    };
  }

  /** Others may wait for what they make of events, and they may want to publish no more, but to end. */
  #lettingHandlersEnd(): Promise<void> | undefined {
    const ended = this.audience.runs.ended();
    return ended && within(this.session.clock, CLOSE_GRACE_MS, ended).then(() => this.answers.abandon());
  }

  #makeAudience(onRun: BusInternals['onRun']): BusAudience {
    return new BusAudience({
      ...{ id: this.id, zone: this.options.zone, role: this.#role, log: this.log },
      limits: this.options.limits,
      now: () => this.session.clock.now(),
      schedule: (delayMs, callback) => this.session.clock.schedule(this.session.clock.now() + delayMs, callback),
      isHearing: () => this.#isHearing(),
      describe: (peer) => this.peers.describe(peer),
      onOutcome: (publisher, token, outcome) => this.answers.settle(publisher, token, outcome),
      onWarning: (warning) => this.log.warnOnce(warning.code, warningMessage(warning, this.options)),
      onRun: onRun && ((run) => onRun(this, run)),
    });
  }

  #makeResyncLog(): ResyncLog {
    return new ResyncLog({
      cluster: this.options.cluster,
      now: () => this.session.clock.now(),
      peers: () => this.session.driver?.peers() ?? [],
      warn: (message) => this.log.warn(message),
    });
  }

  #handleEvent(event: HeardEvent): void {
    if (isAnswerEvent(event)) return this.answers.handle(event);
    this.audience.handleEvent(event);
    if (event.kind === 'resync' && this.#role === 'member') this.#resyncLog.note(event);
    if (event.kind !== 'peer') return;
    this.peers.review();
    this.answers.notePeer(event.peer);
    this.#resyncLog.notePeer(event.peer);
    this.#peerLog.note(this.peers.describe(event.peer), this.session.status !== 'joining');
  }

  #handleStatus(status: MeshStatus, previous: MeshStatus): void {
    // What was loaded before may have been written meanwhile by those who are heard only from now on.
    if (status === 'ready') this.audience.fences.moveAll();
    if (status === 'ready') this.#tellReady(previous);
    if (status === 'closing') {
      this.peers.fail(closedError());
      this.answers.fail(closedError());
      this.#peerLog.close();
    }
    this.audience.statuses.tell({ status, previous });
    if (status === 'isolated' && this.options.onIsolation === 'flush') this.audience.raise(everything('isolated'));
    if (status === 'ready' && previous === 'isolated') this.audience.raise(everything('heal'));
    if (status === 'closed') this.audience.dismiss();
  }

  #isHearing(): boolean {
    const { status } = this.session;
    return status === 'ready' || (status === 'isolated' && this.options.onIsolation === 'serve');
  }

  #tellReady(previous: MeshStatus): void {
    const { driver } = this.session;
    if (driver === undefined) return;
    if (this.sealing === undefined && process.env.NODE_ENV === 'production') {
      this.log.warnOnce('unsealed', UNSEALED_IN_PRODUCTION);
    }
    if (previous === 'isolated') this.log.info(`mesh "${this.options.cluster}": ready, peers are heard again`);
    else this.log.info(readyMessage(this.options, driver.transport(), driver.peers().length));
  }
}
