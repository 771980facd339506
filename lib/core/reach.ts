import type { Instant } from '../primitives/instant.js';
import { NEVER } from '../primitives/instant.js';
import { shortNodeId } from '../primitives/node-id.js';
import type { Member } from '../membership/member.js';
import type { MembershipDigest } from '../wire/packet.js';
import { MAX_UNHEARD_COUNT } from '../wire/trailer-encoder.js';
import type { NodeContext } from './node-context.js';

/** How long a heartbeat's word holds that its sender hears the group: a switch may forget a group at any time. */
const STATED_HEARTBEATS = 3;
/** An answer's word holds for less: it may rest on what was heard two heartbeats ago. */
const ANSWERED_HEARTBEATS = 1;
/** When a confirmation is this near its end, its member is asked. */
const RENEWAL_HEARTBEATS = 0.5;
/** After this many heartbeats that nobody heard through the group, the user is told. */
const UNHEARD_HEARTBEATS = 3;

/**
 * Who hears whom through the group. A member that has not lately confirmed hearing this node gets its datagrams by
 * itself too. When the group falls silent the last confirmations end within 3 heartbeats, and unicast takes over.
 */
export class Reach {
  readonly #context: NodeContext;
  #unheard = 0;
  #unheardTold = false;

  constructor(context: NodeContext) {
    this.#context = context;
  }

  /** A packet of the member's own came through the group. Returns whether that is news, which it should soon hear. */
  heardByGroup(now: Instant, member: Member): boolean {
    const known = member.isHeardByGroup(now);
    member.heardByGroupAt = now;
    return !known && member.confirmed;
  }

  /**
   * A heartbeat lists whom its sender does not hear through the group, among those that it has admitted. A member that
   * confirmed has admitted this node, so not being listed means being heard.
   */
  noteStatement(now: Instant, member: Member, { unheard }: MembershipDigest): void {
    if (unheard === 'all' || unheard.includes(shortNodeId(this.#context.config.id))) member.hearsGroupUntil = -NEVER;
    else if (member.confirmed) this.#confirm(now, member, STATED_HEARTBEATS);
  }

  /** A greeting or an answer to a probe says whether its sender hears this node through the group. */
  noteAnswer(now: Instant, member: Member, hearsGroup: boolean): void {
    if (hearsGroup) this.#confirm(now, member, ANSWERED_HEARTBEATS);
    else member.hearsGroupUntil = -NEVER;
  }

  /** When the member should be asked whether it still hears the group; heartbeats renew that before, as a rule. */
  renewalAt(member: Member): Instant {
    return member.hearsGroupUntil - RENEWAL_HEARTBEATS * this.#context.config.heartbeatMs;
  }

  /** What the next heartbeat says of it. */
  unheard(now: Instant): MembershipDigest['unheard'] {
    const { config, members } = this.#context;
    if (!config.multicast) return 'all';
    const unheard: number[] = [];
    for (const member of members.values()) {
      if (!member.isHeardByGroup(now)) unheard.push(shortNodeId(member.id));
    }
    const isAll = unheard.length > MAX_UNHEARD_COUNT || (unheard.length > 0 && unheard.length === members.size);
    return isAll ? 'all' : unheard;
  }

  /** To be called with each heartbeat. */
  watchGroup(now: Instant): void {
    const { config, members, events } = this.#context;
    if (!config.multicast || this.#unheardTold) return;
    let someoneLives = false;
    for (const member of members.values()) {
      if (member.hearsGroup(now) || member.isHeardByGroup(now)) {
        this.#unheard = 0;
        return;
      }
      // Who is silent in every way says nothing of the group.
      if (member.confirmed && member.state === 'alive') someoneLives = true;
    }
    if (!someoneLives || ++this.#unheard < UNHEARD_HEARTBEATS) return;
    this.#unheardTold = true;
    events.push({ kind: 'warning', warning: { code: 'multicast-unheard' } });
  }

  #confirm(now: Instant, member: Member, heartbeats: number): void {
    const until = now + heartbeats * this.#context.config.heartbeatMs;
    if (until > member.hearsGroupUntil) member.hearsGroupUntil = until;
  }
}
