import type { Endpoint } from '../primitives/endpoint.js';
import { type Instant, NEVER } from '../primitives/instant.js';
import type { OutgoingEvent, Publication } from '../delivery/pending-event.js';
import type { PeerView } from '../membership/peer-view.js';
import type { UnreadableSource } from '../membership/unreadable-book.js';
import type { Arrival } from './arrival.js';
import type { MeshNodeConfig } from './node-config.js';
import { NodeContext } from './node-context.js';
import type { NodeEvent, NodeStatus, NodeWarning } from './node-event.js';
import { NodeParts } from './node-parts.js';
import type { NodeStats } from './node-stats.js';
import type { Receipts } from './receipts.js';
import type { Transmit } from './transmit.js';

/** What a timer is late by when the process stood still, and was not just busy. */
const STALL_MS = 100;

/**
 * One node of the mesh as a state machine: no socket, no clock, no timer, no chance of its own.
 *
 * It is told what the application wants (`join`, `publish`, `leave`) and what network and time bring (`handle…`), and
 * asked what it wants (`poll…`). Every input is followed by a full drain before the next one: `pollTransmit` until it
 * returns `undefined`, `pollEvent` likewise, then `pollTimeout` for when to call `handleTimeout`. Nobody but the driver
 * and the simulator calls it. It never throws for what comes from the network.
 */
export class MeshNode {
  readonly #context: NodeContext;
  readonly #parts: NodeParts;
  #status: NodeStatus = 'joining';
  /** When timers were last looked at. */
  #timedAt: Instant = -NEVER;

  constructor(config: MeshNodeConfig) {
    this.#context = new NodeContext(config);
    this.#parts = new NodeParts(this.#context);
  }

  /** Greets the group and the seeds. Status `ready` follows when they have answered, or have been given the time to. */
  join(now: Instant): void {
    this.#context.events.push({ kind: 'status', status: 'joining' });
    this.#parts.joining.start(now);
    this.#parts.greeter.start(now);
    this.#parts.pulse.start(now);
    this.#parts.roster.greetSeeds(now);
    this.#settle(now);
  }

  /** Sends what waits, says goodbye, and ends with status `left`. Only `handleSent` and time move it from here on. */
  leave(now: Instant): void {
    if (this.#parts.leaving.active) return;
    this.#context.leaving = true;
    this.#parts.joining.stop();
    this.#parts.pulse.stop();
    this.#parts.receipts.handleTimeout(now);
    this.#parts.sender.batcher.release();
    this.#parts.sender.batcher.startFlush();
    this.#parts.leaving.start(now);
    this.#settle(now);
  }

  /**
   * Takes all of the events, or none: `undefined` when more would wait than `limits.pendingKeys` and they hold data. What
   * is taken before the node is ready goes out then. An event `flushed` with the publication's ticket, or a later one, tells that the
   * kernel has it.
   */
  publish(now: Instant, events: readonly OutgoingEvent[]): Publication | undefined {
    return this.#parts.sender.publish(now, events);
  }

  /** Takes back what still waits and nobody else has published too. */
  withdraw(publication: Publication): void {
    this.#parts.sender.batcher.withdraw(publication);
    this.#parts.sender.tellFlushed();
  }

  /** For publishers that wait. `settle` wants the timeout to be looked at again. */
  get receipts(): Pick<Receipts, 'open' | 'close' | 'settle' | 'replies'> {
    return this.#parts.receipts;
  }

  /** All addresses that the user's seeds stand for. */
  handleSeeds(now: Instant, endpoints: readonly Endpoint[]): void {
    this.#context.seeds = new Set(endpoints);
    this.#context.greetings.keepSeeds(this.#context.seeds);
    if (!this.#parts.leaving.active) this.#parts.roster.greetSeeds(now);
    this.#settle(now);
  }

  /** All addresses that this node can be reached at, the one to tell others first. */
  handleEndpoints(now: Instant, endpoints: readonly Endpoint[]): void {
    const before = this.#context.endpoints[0];
    this.#context.endpoints = endpoints;
    if (before !== endpoints[0] && !this.#parts.leaving.active) this.#parts.greeter.announce(now);
    this.#settle(now);
  }

  /** What the smallest socket can hold without the kernel's bookkeeping: so much of it others may fill. */
  handleReceiveBuffer(bytes: number): void {
    this.#context.receiveBufferBytes = bytes;
  }

  /** `bytes` is neither kept nor changed. */
  handleDatagram(now: Instant, arrival: Arrival, bytes: Buffer): void {
    this.#parts.gate.handleDatagram(now, arrival, bytes);
    if (this.#parts.watch.isolated) this.#reviewIsolation(now);
    this.#settle(now);
  }

  /** The kernel has taken the datagram, or refused it for some destination. */
  handleSent(now: Instant, id: number, failed: boolean): void {
    this.#parts.sender.handleSent(id, failed);
    this.#settle(now);
  }

  handleTimeout(now: Instant): void {
    if (!this.#parts.leaving.active) {
      this.#forgive(now);
      this.#parts.greeter.handleTimeout(now);
      this.#parts.pulse.handleTimeout(now);
      this.#parts.exchange.handleTimeout(now);
      if (this.#parts.watch.handleTimeout(now)) this.#reviewIsolation(now);
    }
    this.#parts.reliability.handleTimeout(now);
    this.#parts.receipts.handleTimeout(now);
    if (now >= this.#parts.sender.batcher.deadline()) this.#parts.sender.batcher.startFlush();
    this.#settle(now);
  }

  /** Writes the next datagram into `into`, at least 1200 bytes long, and says where it is to go. */
  pollTransmit(now: Instant, wallClockMs: number, into: Buffer): Transmit | undefined {
    return this.#parts.sender.poll(now, wallClockMs, into);
  }

  pollEvent(): NodeEvent | undefined {
    return this.#context.events.take();
  }

  /** When to call `handleTimeout`, `NEVER` for not at all. Not later than now means at the end of this turn. */
  pollTimeout(): Instant {
    const { sender, reliability, receipts, leaving } = this.#parts;
    const sending = Math.min(sender.batcher.deadline(), reliability.deadline(), receipts.deadline());
    if (leaving.active) return Math.min(sending, leaving.deadline(sender.idle));
    return Math.min(sending, this.#membershipDeadline());
  }

  /** Everyone who is taken for a member, v1 nodes included. */
  peers(): readonly PeerView[] {
    const members = [...this.#context.members.values()].filter(({ confirmed }) => confirmed);
    return [...members.map((member) => this.#context.viewOf(member)), ...this.#context.legacy.values()];
  }

  /** From where something comes that can not be read, though it seems to be of this mesh. */
  unreadable(now: Instant): readonly UnreadableSource[] {
    return this.#context.unreadable.list(now);
  }

  stats(): NodeStats {
    const { counters, members, greetings } = this.#context;
    return {
      counters: { ...counters.values },
      dropped: counters.dropped(),
      pendingKeys: this.#parts.sender.batcher.load,
      members: members.confirmedCount,
      unverified: greetings.size,
    };
  }

  /** What follows from any input, whatever it was. */
  #settle(now: Instant): void {
    this.#followDepartures(now);
    if (this.#parts.roster.takeGrowth()) {
      const newcomers = this.#parts.roster.takeConfirmed();
      // Who has come back speaks for itself.
      for (const { id } of newcomers) this.#parts.reliability.lastWords.close(id);
      this.#parts.watch.expectNewcomer(now);
      this.#parts.pulse.quicken(now, newcomers);
      this.#parts.exchange.compareNewcomers(now, newcomers);
    }
    if (this.#parts.joining.finish(now)) {
      this.#parts.sender.batcher.release();
      this.#context.readyAt = now;
      this.#become('ready');
      this.#tellSilentSeeds();
    }
    if (!this.#parts.leaving.active || this.#status === 'left') return;
    if (!this.#parts.sender.idle && this.#parts.leaving.takeFlushOverdue(now)) this.#parts.sender.closeOff();
    if (this.#parts.leaving.proceed(now, this.#parts.sender.idle)) this.#become('left');
  }

  #followDepartures(now: Instant): void {
    for (const stream of this.#parts.roster.takeReplaced()) this.#parts.reliability.recovery.forget(stream);
    for (const departure of this.#parts.roster.takeDepartures()) {
      if (!this.#parts.leaving.active) this.#parts.reliability.follow(now, departure);
    }
  }

  /** If the process stood still, others could not be heard in that time. It is measured from the last timer on, and counts once. */
  #forgive(now: Instant): void {
    const { watch, reliability } = this.#parts;
    const membership = this.#membershipDeadline();
    watch.forgive(now, now - Math.max(membership, this.#timedAt));
    // A heartbeat may be seconds away when what is asked for is due already.
    const lateness = now - Math.max(Math.min(membership, reliability.deadline()), this.#timedAt);
    this.#timedAt = now;
    if (lateness >= STALL_MS) reliability.forgive(lateness);
  }

  /** Events that waited for the node to be ready do not make a timer late; these do. */
  #membershipDeadline(): Instant {
    return Math.min(
      this.#parts.joining.deadline(),
      this.#parts.greeter.deadline(),
      this.#parts.pulse.deadline(),
      this.#parts.exchange.deadline(),
      this.#parts.watch.deadline(),
    );
  }

  /** A mistyped name looks like a node that is alone: somebody should be told. */
  #tellSilentSeeds(): void {
    const { config, members, seeds: all } = this.#context;
    if (!config.hasSeeds || members.confirmedCount > 0) return;
    const seeds = [...all].filter((seed) => !this.#context.isSelf(seed));
    if (all.size === 0 || seeds.length > 0) this.#warn({ code: 'seeds-silent', seeds });
  }

  #reviewIsolation(now: Instant): void {
    if (this.#parts.joining.active || this.#parts.leaving.active) return;
    const isolated = this.#parts.watch.judgeIsolation(now);
    if (isolated === (this.#status === 'isolated')) return;
    this.#become(isolated ? 'isolated' : 'ready');
    if (!isolated) return;
    this.#parts.reliability.lastWords.clear();
    this.#warn({ code: 'isolated', lost: this.#context.members.confirmedCount });
  }

  #warn(warning: NodeWarning): void {
    this.#context.events.push({ kind: 'warning', warning });
  }

  #become(status: NodeStatus): void {
    if (status === this.#status) return;
    this.#status = status;
    this.#context.events.push({ kind: 'status', status });
  }
}
