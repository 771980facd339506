import type { Endpoint } from '../primitives/endpoint.js';
import { type Instant, NEVER } from '../primitives/instant.js';
import type { NodeId } from '../primitives/node-id.js';
import type { Nonce } from '../primitives/nonce.js';
import type { PeerState, PeerView } from './peer-view.js';

/** Count and hash of a set of members: equal when two nodes know the same ones, but for one chance in 2^48. */
export interface SetDigest {
  readonly count: number;
  readonly hash: number;
}

/** What a verified node has said of itself. */
export interface MemberFacts {
  readonly id: NodeId;
  readonly endpoint: Endpoint;
  readonly advertised: Endpoint;
  readonly zone: string | undefined;
  readonly client: boolean;
  readonly heartbeatMs: number;
  /** What it has to echo, and what it wants echoed. */
  readonly ourNonce: Nonce;
  readonly theirNonce: Nonce;
}

/** An extended node that has echoed a nonce from its address. It is changed by its table and by the keeper only. */
export class Member implements PeerView {
  readonly id: NodeId;
  readonly legacy = false;
  endpoint: Endpoint;
  advertised: Endpoint;
  zone: string | undefined;
  client: boolean;
  heartbeatMs: number;
  ourNonce: Nonce;
  theirNonce: Nonce;
  state: PeerState = 'alive';
  /** It has seen its own nonce echoed too: from here on each delivers what the other sends. */
  confirmed = false;
  /** A packet of its own arrived. */
  lastHeardAt: Instant;
  /** It or a third node showed that it lives. */
  lastAliveAt: Instant;
  /** A packet of its own arrived through the group. */
  heardByGroupAt: Instant = -NEVER;
  /** Until when its last word that it hears this node through the group holds. */
  hearsGroupUntil: Instant = -NEVER;
  /** Further addresses at which it has proved to be heard. */
  aliases: readonly Endpoint[] = [];
  /** What it last said of the members it knows. */
  digest: SetDigest | undefined;
  /** When it may be pinged, greeted again, or asked about again. */
  nextProbeAt: Instant = -NEVER;
  nextGreetingAt: Instant = -NEVER;
  nextPeersAnswerAt: Instant = -NEVER;
  probeToken = 0;

  constructor(facts: MemberFacts, now: Instant) {
    this.id = facts.id;
    this.endpoint = facts.endpoint;
    this.advertised = facts.advertised;
    this.zone = facts.zone;
    this.client = facts.client;
    this.heartbeatMs = facts.heartbeatMs;
    this.ourNonce = facts.ourNonce;
    this.theirNonce = facts.theirNonce;
    this.lastHeardAt = now;
    this.lastAliveAt = now;
  }

  /** Whether this node hears it through the group: lately, by its own measure of time. */
  isHeardByGroup(now: Instant): boolean {
    return isHeardByGroup(now, this.heardByGroupAt, this.heartbeatMs);
  }

  hearsGroup(now: Instant): boolean {
    return this.hearsGroupUntil > now;
  }
}

/** One heartbeat may be lost without anyone taking the group for broken. */
const HEARD_BY_GROUP_HEARTBEATS = 2;

/** Whether what came through the group at `heardByGroupAt` still shows that the group works. */
export function isHeardByGroup(now: Instant, heardByGroupAt: Instant, heartbeatMs: number): boolean {
  return now - heardByGroupAt <= HEARD_BY_GROUP_HEARTBEATS * heartbeatMs;
}
