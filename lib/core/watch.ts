import { type Instant, NEVER } from '../primitives/instant.js';
import type { NodeId } from '../primitives/node-id.js';
import { randomBelow } from '../primitives/random.js';
import { judge, nextJudgementAt } from '../membership/failure-judgement.js';
import type { Member } from '../membership/member.js';
import type { PingPacket, PingRequestPacket, PongPacket } from '../wire/probe-packet.js';
import type { NodeContext } from './node-context.js';
import type { Reach } from './reach.js';
import type { Recovery } from './recovery.js';
import type { Roster } from './roster.js';

/** Through how many others a suspected member is looked for. SWIM, § 3.1. */
const INDIRECT_PROBES = 3;
/** Pings on behalf of others that may be open at once; a later one takes the place of the oldest. */
const RELAYS_KEPT = 256;
/** A question that got no answer is asked again after this part of a heartbeat. */
const PROBE_HEARTBEATS = 0.25;
/** The earliest time at which a newcomer could have to be suspected, if it falls silent at once. */
const NEWCOMER_MS = 300;
/** A timer that is later than this, or than a heartbeat, was late because the process stood still. */
const STALL_MS = 1000;
/** The shortest heartbeat that a member may have. */
const SHORTEST_STALL_MS = 100;

interface Parts {
  readonly roster: Roster;
  readonly reach: Reach;
  readonly recovery: Recovery;
}

interface Relay {
  readonly target: NodeId;
  readonly asker: NodeId;
  readonly token: number;
}

/**
 * Who lives. A member that has been silent for three of its heartbeats is suspected, pinged, and looked for through
 * others; after five it is given up. What a third node attests is life, not hearing.
 */
export class Watch {
  readonly #context: NodeContext;
  readonly #roster: Roster;
  readonly #reach: Reach;
  readonly #recovery: Recovery;
  readonly #relays = new Map<number, Relay>();
  #token: number;
  #nextAt: Instant = NEVER;
  #isolated = false;

  constructor(context: NodeContext, parts: Parts) {
    this.#context = context;
    this.#roster = parts.roster;
    this.#reach = parts.reach;
    this.#recovery = parts.recovery;
    this.#token = context.config.random.u32();
  }

  get isolated(): boolean {
    return this.#isolated;
  }

  deadline(): Instant {
    return this.#nextAt;
  }

  /** Somebody is new. A rush of newcomers makes one look at everyone, where a look for each would cost their square. */
  expectNewcomer(now: Instant): void {
    this.expect(now + Math.min(NEWCOMER_MS, this.#context.config.heartbeatMs * PROBE_HEARTBEATS));
  }

  /** Looks at everyone no later than then. */
  expect(at: Instant): void {
    if (at < this.#nextAt) this.#nextAt = at;
  }

  /** If the process stood still for `lateness`, others could not be heard in that time, which is not their silence. */
  forgive(now: Instant, lateness: number): void {
    if (lateness <= SHORTEST_STALL_MS) return;
    for (const member of this.#context.members.values()) {
      if (lateness <= Math.min(STALL_MS, member.heartbeatMs)) continue;
      member.lastHeardAt = Math.min(now, member.lastHeardAt + lateness);
      member.lastAliveAt = Math.min(now, member.lastAliveAt + lateness);
      member.heardByGroupAt = Math.min(now, member.heardByGroupAt + lateness);
    }
    if (lateness <= STALL_MS) return;
    for (const peer of this.#context.legacy.values()) peer.lastHeardAt = Math.min(now, peer.lastHeardAt + lateness);
  }

  /** Looks at everyone if it is time, and says whether it was. */
  handleTimeout(now: Instant): boolean {
    if (now < this.#nextAt) return false;
    let next = this.#context.legacy.deadline();
    for (const member of this.#context.members.values()) {
      this.#look(now, member);
      next = Math.min(next, this.#nextLookAt(now, member));
    }
    this.#roster.forget(now);
    // A deadline that rounding put into the past must not keep the loop busy.
    this.#nextAt = Math.max(next, now + 1);
    return true;
  }

  /** Whether all that were known have gone silent. Goodbyes leave a node alone, not isolated. */
  judgeIsolation(now: Instant): boolean {
    const { members, legacy } = this.#context;
    let mute = this.#roster.lastWasLost || members.size > 0;
    for (const member of members.values()) {
      const judgement = judge(now, member.lastAliveAt, member.heartbeatMs);
      if (judgement === 'alive' || judgement === 'suspect') mute = false;
    }
    this.#isolated = mute && legacy.size === 0;
    return this.#isolated;
  }

  handlePing(now: Instant, member: Member, packet: PingPacket): void {
    const { config, highest } = this.#context;
    const own = { token: packet.token, about: config.id, highest };
    this.#context.outbox.toOne(this.#pong(now, member, own), member.endpoint);
  }

  handlePingRequest(member: Member, packet: PingRequestPacket): void {
    const target = this.#context.members.get(packet.target);
    if (target === undefined || target === member) return;
    const token = this.#nextToken();
    this.#relays.set(token, { target: target.id, asker: member.id, token: packet.token });
    if (this.#relays.size > RELAYS_KEPT) this.#forgetOldestRelay();
    this.#ping(target, token);
  }

  handlePong(now: Instant, member: Member, packet: PongPacket): void {
    const stream = this.#context.streams.get(packet.about);
    if (packet.about !== member.id) {
      if (stream !== undefined) this.#recovery.claim(now, stream, packet.highest, member.id);
      return this.#takeAttest(now, packet);
    }
    if (stream !== undefined) this.#recovery.confirm(now, stream, packet.highest);
    const relay = this.#relays.get(packet.token);
    if (relay?.target !== member.id) return;
    this.#relays.delete(packet.token);
    const asker = this.#context.members.get(relay.asker);
    if (asker === undefined) return;
    this.#context.outbox.toOne(
      this.#pong(now, asker, { token: relay.token, about: member.id, highest: packet.highest }),
      asker.endpoint,
    );
  }

  /** Asks the member for its own word: what it has sent, and whether it hears the group. */
  ask(now: Instant, member: Member): void {
    if (now < member.nextProbeAt) return;
    member.nextProbeAt = now + member.heartbeatMs * PROBE_HEARTBEATS;
    this.#ping(member, this.#nextToken());
  }

  #look(now: Instant, member: Member): void {
    const judgement = judge(now, member.lastAliveAt, member.heartbeatMs);
    if (judgement === 'dead') return this.#roster.depart(now, member, 'dead');
    if (judgement === 'alive') {
      if (member.hearsGroup(now) && now >= this.#reach.renewalAt(member)) this.ask(now, member);
      return;
    }
    const again = member.state === 'suspect';
    this.#roster.suspect(member);
    if (now < member.nextProbeAt) return;
    this.ask(now, member);
    if (again) this.#askOthers(member);
  }

  #askOthers(member: Member): void {
    member.probeToken = this.#nextToken();
    const others = [...this.#context.members.values()].filter((one) => one !== member && one.state === 'alive');
    for (let asked = 0; asked < INDIRECT_PROBES && others.length > 0; asked++) {
      const [other] = others.splice(randomBelow(this.#context.config.random, others.length), 1);
      if (other === undefined) return;
      this.#context.outbox.toOne(
        { kind: 'ping-request', ...this.#context.frameTo(other), token: member.probeToken, target: member.id },
        other.endpoint,
      );
    }
  }

  #takeAttest(now: Instant, packet: PongPacket): void {
    const about = this.#context.members.get(packet.about);
    if (about?.state !== 'suspect' || packet.token !== about.probeToken) return;
    this.#roster.showedLife(now, about);
  }

  #nextLookAt(now: Instant, member: Member): Instant {
    const judged = nextJudgementAt(now, member.lastAliveAt, member.heartbeatMs);
    if (member.state === 'suspect') return Math.min(judged, member.nextProbeAt);
    if (!member.hearsGroup(now)) return judged;
    return Math.min(judged, Math.max(this.#reach.renewalAt(member), member.nextProbeAt));
  }

  #ping(member: Member, token: number): void {
    this.#context.outbox.toOne(
      { kind: 'ping', ...this.#context.frameTo(member), token, target: member.id },
      member.endpoint,
    );
  }

  #pong(now: Instant, to: Member, word: Pick<PongPacket, 'token' | 'about' | 'highest'>): PongPacket {
    return { kind: 'pong', ...this.#context.frameTo(to), ...word, hearsGroup: to.isHeardByGroup(now) };
  }

  #nextToken(): number {
    this.#token = (this.#token + 1) >>> 0;
    return this.#token;
  }

  #forgetOldestRelay(): void {
    const oldest = this.#relays.keys().next();
    if (oldest.done !== true) this.#relays.delete(oldest.value);
  }
}
