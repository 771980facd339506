import type { Endpoint } from '../primitives/endpoint.js';
import type { Instant } from '../primitives/instant.js';
import type { OutgoingEvent, Publication } from '../delivery/pending-event.js';
import type { PeerView } from '../membership/peer-view.js';
import type { Arrival } from './arrival.js';
import type { NodeCounters } from './counters.js';
import { Greeter } from './greeter.js';
import { Handshake } from './handshake.js';
import { HelloSender } from './hello-sender.js';
import { Joining } from './joining.js';
import { Leaving } from './leaving.js';
import type { MeshNodeConfig } from './node-config.js';
import { NodeContext } from './node-context.js';
import type { NodeEvent, NodeStatus } from './node-event.js';
import { PeerExchange } from './peer-exchange.js';
import { Pulse } from './pulse.js';
import { Reach } from './reach.js';
import { Receiver } from './receiver.js';
import { Roster } from './roster.js';
import { Router } from './router.js';
import { Sender } from './sender.js';
import { Strangers } from './strangers.js';
import type { Transmit } from './transmit.js';
import { Watch } from './watch.js';

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
    const handshake = new Handshake(context, { roster, reach, hellos, strangers });
    const exchange = new PeerExchange(context, roster);
    const pulse = new Pulse(context, { roster, exchange, reach });
    const watch = new Watch(context, roster, reach);
    const parts = { roster, reach, greeter, handshake, exchange, pulse, watch };
    this.#context = context;
    this.#roster = roster;
    this.#greeter = greeter;
    this.#exchange = exchange;
    this.#pulse = pulse;
    this.#watch = watch;
    this.#sender = new Sender(context);
    this.#router = new Router(context, { ...parts, receiver: new Receiver(context, parts) });
    this.#joining = new Joining(context, exchange);
    this.#leaving = new Leaving(context);
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
   * Takes all of the events, or none: `undefined` when more would wait than `limits.pendingKeys`. What is taken before
   * the node is ready goes out then. An event `flushed` with the publication's ticket, or a later one, tells that the
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
      this.#watch.forgive(now, now - this.#membershipDeadline());
      this.#greeter.handleTimeout(now);
      this.#pulse.handleTimeout(now);
      this.#exchange.handleTimeout(now);
      if (this.#watch.handleTimeout(now)) this.#reviewIsolation(now);
    }
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
    const sending = this.#sender.batcher.deadline();
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
    if (this.#roster.takeGrowth()) {
      const newcomers = this.#roster.takeConfirmed();
      this.#watch.expectNewcomer(now);
      this.#pulse.quicken(now, newcomers);
      this.#exchange.compareNewcomers(now, newcomers);
    }
    if (this.#joining.finish(now)) {
      this.#sender.batcher.release();
      this.#become('ready');
      this.#tellSilentSeeds();
    }
    if (!this.#leaving.active || this.#status === 'left') return;
    if (this.#leaving.proceed(now, this.#sender.idle)) this.#become('left');
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
    const lost = this.#context.members.confirmedCount;
    this.#context.events.push({ kind: 'warning', warning: { code: 'isolated', lost } });
  }

  #become(status: NodeStatus): void {
    if (status === this.#status) return;
    this.#status = status;
    this.#context.events.push({ kind: 'status', status });
  }
}
