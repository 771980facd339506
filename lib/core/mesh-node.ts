import type { Endpoint } from '../primitives/endpoint.js';
import type { Instant } from '../primitives/instant.js';
import type { OutgoingEvent, Publication } from '../delivery/pending-event.js';
import type { PeerView } from '../membership/peer-view.js';
import type { Arrival } from './arrival.js';
import type { NodeCounters } from './counters.js';
import { FlowReports } from './flow-reports.js';
import { Greeter } from './greeter.js';
import { Handshake } from './handshake.js';
import { Hearsay } from './hearsay.js';
import { HelloSender } from './hello-sender.js';
import { Joining } from './joining.js';
import { LastWords } from './last-words.js';
import { Leaving } from './leaving.js';
import type { MeshNodeConfig } from './node-config.js';
import { NodeContext } from './node-context.js';
import type { NodeEvent, NodeStatus } from './node-event.js';
import { PeerExchange } from './peer-exchange.js';
import { Pulse } from './pulse.js';
import { Reach } from './reach.js';
import { Receiver } from './receiver.js';
import { Recovery } from './recovery.js';
import { Repairer } from './repairer.js';
import { Roster } from './roster.js';
import { Router } from './router.js';
import { Sender } from './sender.js';
import { Strangers } from './strangers.js';
import { Tail } from './tail.js';
import type { Transmit } from './transmit.js';
import { Watch } from './watch.js';

/** What a timer is late by when the process stood still, and was not just busy. */
const STALL_MS = 100;

export interface NodeStats {
  readonly counters: Readonly<NodeCounters>;
  /** What was dropped of what arrived, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly pendingKeys: number;
  readonly members: number;
  readonly unverified: number;
}

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
  readonly #roster: Roster;
  readonly #greeter: Greeter;
  readonly #exchange: PeerExchange;
  readonly #pulse: Pulse;
  readonly #watch: Watch;
  readonly #recovery: Recovery;
  readonly #lastWords: LastWords;
  readonly #reports: FlowReports;
  readonly #tail: Tail;
  readonly #sender: Sender;
  readonly #router: Router;
  readonly #joining: Joining;
  readonly #leaving: Leaving;
  #status: NodeStatus = 'joining';

  constructor(config: MeshNodeConfig) {
    const context = new NodeContext(config);
    const hellos = new HelloSender(context);
    const strangers = new Strangers(context, hellos);
    const roster = new Roster(context);
    const reach = new Reach(context);
    const greeter = new Greeter(context, hellos, strangers);
    const recovery = new Recovery(context, () => this.#watch.isolated);
    const lastWords = new LastWords(context, recovery);
    const hearsay = new Hearsay(context, recovery, lastWords);
    const handshake = new Handshake(context, { roster, reach, recovery, hellos, strangers });
    const exchange = new PeerExchange(context, roster);
    const pulse = new Pulse(context, { roster, exchange, reach, recovery, hearsay });
    const watch = new Watch(context, { roster, reach, recovery });
    const reports = new FlowReports(context);
    const repairer = new Repairer(context);
    const leaving = new Leaving(context);
    const parts = { roster, reach, greeter, handshake, exchange, pulse, watch, recovery, reports };
    this.#context = context;
    this.#roster = roster;
    this.#greeter = greeter;
    this.#exchange = exchange;
    this.#pulse = pulse;
    this.#watch = watch;
    this.#recovery = recovery;
    this.#lastWords = lastWords;
    this.#reports = reports;
    this.#tail = new Tail(context, repairer);
    this.#sender = new Sender(context, this.#tail);
    const receiver = new Receiver(context, parts);
    this.#router = new Router(context, { ...parts, receiver, repairer, lastWords, leaving });
    this.#joining = new Joining(context, exchange);
    this.#leaving = leaving;
  }

  /** Greets the group and the seeds. Status `ready` follows when they have answered, or have been given the time to. */
  join(now: Instant): void {
    this.#context.events.push({ kind: 'status', status: 'joining' });
    this.#joining.start(now);
    this.#greeter.start(now);
    this.#pulse.start(now);
    this.#roster.greetSeeds(now);
    this.#settle(now);
  }

  /** Sends what waits, says goodbye, and ends with status `left`. Only `handleSent` and time move it from here on. */
  leave(now: Instant): void {
    if (this.#leaving.active) return;
    this.#context.leaving = true;
    this.#joining.stop();
    this.#pulse.stop();
    this.#sender.batcher.release();
    this.#sender.batcher.startFlush();
    this.#leaving.start(now);
    this.#settle(now);
  }

  /**
   * Takes all of the events, or none: `undefined` when more would wait than `limits.pendingKeys` and they hold data. What
   * is taken before the node is ready goes out then. An event `flushed` with the publication's ticket, or a later one, tells that the
   * kernel has it.
   */
  publish(now: Instant, events: readonly OutgoingEvent[]): Publication | undefined {
    return this.#sender.publish(now, events);
  }

  /** Takes back what still waits and nobody else has published too. */
  withdraw(publication: Publication): void {
    this.#sender.batcher.withdraw(publication);
    this.#sender.tellFlushed();
  }

  /** All addresses that the user's seeds stand for. */
  handleSeeds(now: Instant, endpoints: readonly Endpoint[]): void {
    this.#context.seeds = new Set(endpoints);
    this.#context.greetings.keepSeeds(this.#context.seeds);
    if (!this.#leaving.active) this.#roster.greetSeeds(now);
    this.#settle(now);
  }

  /** All addresses that this node can be reached at, the one to tell others first. */
  handleEndpoints(now: Instant, endpoints: readonly Endpoint[]): void {
    const before = this.#context.endpoints[0];
    this.#context.endpoints = endpoints;
    if (before !== endpoints[0] && !this.#leaving.active) this.#greeter.announce(now);
    this.#settle(now);
  }

  /** What the smallest socket can hold, as the kernel counts; others are told how much of it they may fill. */
  handleReceiveBuffer(bytes: number): void {
    this.#context.receiveBufferBytes = bytes;
  }

  /** `bytes` is neither kept nor changed. */
  handleDatagram(now: Instant, arrival: Arrival, bytes: Buffer): void {
    this.#router.route(now, arrival, bytes);
    if (this.#watch.isolated) this.#reviewIsolation(now);
    this.#settle(now);
  }

  /** The kernel has taken the datagram, or refused it for some destination. */
  handleSent(now: Instant, id: number, failed: boolean): void {
    this.#sender.handleSent(id, failed);
    this.#settle(now);
  }

  handleTimeout(now: Instant): void {
    if (!this.#leaving.active) {
      this.#forgive(now, now - this.#membershipDeadline());
      this.#greeter.handleTimeout(now);
      this.#pulse.handleTimeout(now);
      this.#exchange.handleTimeout(now);
      if (this.#watch.handleTimeout(now)) this.#reviewIsolation(now);
    }
    this.#recovery.handleTimeout(now);
    this.#lastWords.handleTimeout(now);
    this.#reports.handleTimeout(now);
    this.#tail.handleTimeout(now);
    if (now >= this.#sender.batcher.deadline()) this.#sender.batcher.startFlush();
    this.#settle(now);
  }

  /** Writes the next datagram into `into`, at least 1200 bytes long, and says where it is to go. */
  pollTransmit(now: Instant, wallClockMs: number, into: Buffer): Transmit | undefined {
    return this.#sender.poll(now, wallClockMs, into);
  }

  pollEvent(): NodeEvent | undefined {
    return this.#context.events.take();
  }

  /** When to call `handleTimeout`, `NEVER` for not at all. Not later than now means at the end of this turn. */
  pollTimeout(): Instant {
    const sending = Math.min(
      this.#sender.batcher.deadline(),
      this.#context.flow.deadline(),
      this.#tail.deadline(),
      this.#recovery.deadline(),
      this.#lastWords.deadline(),
      this.#reports.deadline(),
    );
    if (this.#leaving.active) return Math.min(sending, this.#leaving.deadline(this.#sender.idle));
    return Math.min(sending, this.#membershipDeadline());
  }

  /** Everyone who is taken for a member, v1 nodes included. */
  peers(): readonly PeerView[] {
    const peers: PeerView[] = [];
    for (const member of this.#context.members.values()) if (member.confirmed) peers.push(member);
    for (const peer of this.#context.legacy.values()) peers.push(peer);
    return peers;
  }

  stats(): NodeStats {
    const { counters, members, greetings } = this.#context;
    return {
      counters: { ...counters.values },
      dropped: counters.dropped(),
      pendingKeys: this.#sender.batcher.waiting,
      members: members.confirmedCount,
      unverified: greetings.size,
    };
  }

  /** What follows from any input, whatever it was. */
  #settle(now: Instant): void {
    this.#followDepartures(now);
    if (this.#roster.takeGrowth()) {
      const newcomers = this.#roster.takeConfirmed();
      // Who has come back speaks for itself.
      for (const { id } of newcomers) this.#lastWords.close(id);
      this.#watch.expectNewcomer(now);
      this.#pulse.quicken(now, newcomers);
      this.#exchange.compareNewcomers(now, newcomers);
    }
    if (this.#joining.finish(now)) {
      this.#sender.batcher.release();
      this.#context.readyAt = now;
      this.#become('ready');
      this.#tellSilentSeeds();
    }
    if (!this.#leaving.active || this.#status === 'left') return;
    if (this.#leaving.proceed(now, this.#sender.idle)) this.#become('left');
  }

  #followDepartures(now: Instant): void {
    for (const stream of this.#roster.takeReplaced()) this.#recovery.forget(stream);
    for (const { member, how } of this.#roster.takeDepartures()) {
      const stream = this.#context.streams.get(member.id);
      this.#lastWords.dropWitness(member.id);
      if (this.#leaving.active || stream === undefined || this.#context.members.get(member.id) !== undefined) continue;
      this.#recovery.restart(now, stream);
      if (how === 'dead' && member.confirmed) this.#lastWords.open(now, member.id);
    }
  }

  /** If the process stood still for `lateness`, others could not be heard in that time. */
  #forgive(now: Instant, lateness: number): void {
    this.#watch.forgive(now, lateness);
    if (lateness < STALL_MS) return;
    this.#recovery.forgive(lateness);
    this.#lastWords.forgive(lateness);
  }

  /** Events that waited for the node to be ready do not make a timer late; these do. */
  #membershipDeadline(): Instant {
    return Math.min(
      this.#joining.deadline(),
      this.#greeter.deadline(),
      this.#pulse.deadline(),
      this.#exchange.deadline(),
      this.#watch.deadline(),
    );
  }

  /** A mistyped name looks like a node that is alone: somebody should be told. */
  #tellSilentSeeds(): void {
    const { config, members, seeds: all, events } = this.#context;
    if (!config.hasSeeds || members.confirmedCount > 0) return;
    const seeds = [...all].filter((seed) => !this.#context.isSelf(seed));
    if (all.size === 0 || seeds.length > 0) events.push({ kind: 'warning', warning: { code: 'seeds-silent', seeds } });
  }

  #reviewIsolation(now: Instant): void {
    if (this.#joining.active || this.#leaving.active) return;
    const isolated = this.#watch.judgeIsolation(now);
    if (isolated === (this.#status === 'isolated')) return;
    this.#become(isolated ? 'isolated' : 'ready');
    if (!isolated) return;
    this.#lastWords.clear();
    const lost = this.#context.members.confirmedCount;
    this.#context.events.push({ kind: 'warning', warning: { code: 'isolated', lost } });
  }

  #become(status: NodeStatus): void {
    if (status === this.#status) return;
    this.#status = status;
    this.#context.events.push({ kind: 'status', status });
  }
}
