import { type Instant, NEVER } from '../primitives/instant.js';
import type { NodeId } from '../primitives/node-id.js';
import { randomBelow } from '../primitives/random.js';
import { judge, nextJudgementAt } from '../membership/failure-judgement.js';
import type { Member } from '../membership/member.js';
import type { PingPacket, PingRequestPacket, PongPacket } from '../wire/packet.js';
import type { NodeContext } from './node-context.js';
import type { Roster } from './roster.js';

/** Through how many others a suspected member is looked for. SWIM, § 3.1. */
const INDIRECT_PROBES = 3;
/** Pings on behalf of others that may be open at once; a later one takes the place of the oldest. */
const RELAYS_KEPT = 256;

interface Relay {
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
  readonly #relays = new Map<number, Relay>();
  #token: number;
  #nextAt: Instant = NEVER;
  #isolated = false;

  constructor(context: NodeContext, roster: Roster) {
    this.#context = context;
    this.#roster = roster;
    this.#token = context.config.random.u32();
  }

  get isolated(): boolean {
    return this.#isolated;
  }

  deadline(): Instant {
    return this.#nextAt;
  }

  /** Somebody is new, or spoke: look at everyone no later than it could matter. */
  expect(at: Instant): void {
    if (at < this.#nextAt) this.#nextAt = at;
  }

  /** The process stood still for `lateness`: others could not be heard, which is not their silence. */
  forgive(lateness: number): void {
    for (const member of this.#context.members.values()) {
      member.lastHeardAt += lateness;
      member.lastAliveAt += lateness;
      member.heardByGroupAt += lateness;
    }
    for (const peer of this.#context.legacy.values()) peer.lastHeardAt += lateness;
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
    this.#context.outbox.toOne(this.#pong(now, member, packet.token, this.#context.config.id), member.endpoint);
  }

  handlePingRequest(member: Member, packet: PingRequestPacket): void {
    const target = this.#context.members.get(packet.target);
    if (target === undefined || target === member) return;
    const token = this.#nextToken();
    this.#relays.set(token, { asker: member.id, token: packet.token });
    if (this.#relays.size > RELAYS_KEPT) this.#forgetOldestRelay();
    this.#ping(target, token);
  }

  handlePong(now: Instant, member: Member, packet: PongPacket): void {
    if (packet.about !== member.id) return this.#takeAttest(now, packet);
    this.#context.windows.get(member.id)?.confirmHighest(packet.highest);
    const relay = this.#relays.get(packet.token);
    if (relay === undefined) return;
    this.#relays.delete(packet.token);
    const asker = this.#context.members.get(relay.asker);
    if (asker === undefined) return;
    this.#context.outbox.toOne(this.#pong(now, asker, relay.token, member.id), asker.endpoint);
  }

  /** Asks the member for its own word: what it has sent, and whether it hears the group. */
  ask(now: Instant, member: Member): void {
    if (now < member.nextProbeAt) return;
    member.nextProbeAt = now + member.heartbeatMs / 2;
    this.#ping(member, this.#nextToken());
  }

  #look(now: Instant, member: Member): void {
    const judgement = judge(now, member.lastAliveAt, member.heartbeatMs);
    if (judgement === 'dead') return this.#roster.depart(now, member, 'dead');
    if (judgement === 'alive') {
      if (this.#mustRenewReach(now, member)) this.ask(now, member);
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
    this.expect(nextJudgementAt(now, about.lastAliveAt, about.heartbeatMs));
  }

  /** Heartbeats renew it while both know the same members; where they do not, the question does. */
  #mustRenewReach(now: Instant, member: Member): boolean {
    return member.hearsGroup(now) && member.hearsGroupUntil - now <= this.#context.config.heartbeatMs;
  }

  #nextLookAt(now: Instant, member: Member): Instant {
    const judged = nextJudgementAt(now, member.lastAliveAt, member.heartbeatMs);
    if (member.state === 'suspect') return Math.min(judged, member.nextProbeAt);
    if (!member.hearsGroup(now)) return judged;
    const renew = member.hearsGroupUntil - this.#context.config.heartbeatMs;
    return Math.min(judged, Math.max(renew, member.nextProbeAt));
  }

  #ping(member: Member, token: number): void {
    this.#context.outbox.toOne(
      { kind: 'ping', ...this.#context.frameTo(member), token, target: member.id },
      member.endpoint,
    );
  }

  #pong(now: Instant, to: Member, token: number, about: NodeId): PongPacket {
    return {
      kind: 'pong',
      ...this.#context.frameTo(to),
      token,
      about,
      hearsGroup: to.isHeardByGroup(now),
      highest: this.#context.highest,
    };
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
