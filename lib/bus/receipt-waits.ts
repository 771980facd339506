import type { MeshError } from '../errors/mesh-error.js';
import { MeshQuorumError } from '../errors/mesh-quorum-error.js';
import type { PeerView } from '../membership/peer-view.js';
import type { NodeId } from '../primitives/node-id.js';
import type { Clock, Timer } from '../runtime/ports.js';
import type { AskOutcome } from '../wire/receipt-packet.js';
import { onAbort } from './abort.js';
import { checkTimeout } from './checks.js';
import { type Deferred, deferred } from './deferred.js';
import type { MeshReceipt, MeshReceiptNode } from './mesh-receipt.js';
import { formatNodeId } from './node-uuid.js';
import { othersOfQuorum, type ReceiptGoal } from './receipt-goals.js';

const DEFAULT_TIMEOUT_MS = 1000;

type Goal = { readonly count: number | 'all' } | { readonly zones: number };

interface Wait {
  readonly token: number;
  readonly goal: Goal;
  readonly startedAt: number;
  readonly members: ReadonlyMap<NodeId, MeshReceiptNode>;
  readonly legacy: readonly MeshReceiptNode[];
  readonly outcomes: Map<NodeId, AskOutcome | 'gone'>;
  readonly result: Deferred<MeshReceipt>;
}

export interface WaitTerms {
  readonly goal: ReceiptGoal;
  /** In milliseconds; left out: 1000. */
  readonly timeout: number | undefined;
  readonly signal: AbortSignal | undefined;
}

interface Parts {
  readonly clock: () => Clock;
  readonly peers: () => readonly PeerView[];
  /** Names for waits, each once in a long time. */
  readonly nextToken: () => number;
  /** The event with this token is to be answered by these. */
  readonly open: (token: number, members: readonly NodeId[]) => void;
  readonly close: (token: number) => void;
}

/** Those who have published an event and wait until others have dealt with it. */
export class ReceiptWaits {
  readonly #parts: Parts;
  readonly #waits = new Map<number, Wait>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Waits for what `publish` sends with the token that it is given.
   *
   * @throws MeshError `MESH_ERR_QUORUM_NOT_SATISFIED` with the receipt, `MESH_ERR_CLOSED`; what `publish` throws; the
   * signal's reason
   */
  async run(terms: WaitTerms, publish: (token: number) => Promise<void>): Promise<MeshReceipt> {
    const { timeout: timeoutMs = DEFAULT_TIMEOUT_MS } = terms;
    checkTimeout(timeoutMs);
    const wait = this.#open(terms.goal);
    wait.result.promise.catch(() => undefined);
    let timer: Timer | undefined;
    let stopAbort = (): void => undefined;
    try {
      const sent = publish(wait.token);
      const clock = this.#parts.clock();
      timer = clock.schedule(clock.now() + timeoutMs, () => this.#fail(wait, `${timeoutMs} ms have passed`));
      stopAbort = onAbort(terms.signal, () => wait.result.reject(terms.signal?.reason as Error));
      this.#review(wait);
      sent.catch((error: unknown) => wait.result.reject(error as Error));
      return await wait.result.promise;
    } finally {
      timer?.cancel();
      stopAbort();
      this.#waits.delete(wait.token);
      this.#parts.close(wait.token);
    }
  }

  note(from: NodeId, token: number, outcome: AskOutcome): void {
    const wait = this.#waits.get(token);
    if (wait?.members.has(from) !== true) return;
    wait.outcomes.set(from, outcome);
    this.#review(wait);
  }

  notePeer({ id, state }: PeerView): void {
    if (state !== 'dead' && state !== 'left') return;
    for (const wait of this.#waits.values()) {
      if (!wait.members.has(id) || wait.outcomes.has(id)) continue;
      wait.outcomes.set(id, 'gone');
      this.#review(wait);
    }
  }

  /** Nobody will answer any more. */
  fail(reason: MeshError): void {
    for (const wait of this.#waits.values()) wait.result.reject(reason);
  }

  #open(asked: ReceiptGoal): Wait {
    const peers = this.#parts.peers();
    const members = peers.filter(({ legacy, client }) => !legacy && !client);
    const wait: Wait = {
      token: this.#parts.nextToken(),
      goal: goalFor(asked, members.length),
      startedAt: this.#parts.clock().now(),
      members: new Map(members.map((peer) => [peer.id, nodeOf(peer)])),
      legacy: peers.filter(({ legacy }) => legacy).map(nodeOf),
      outcomes: new Map(),
      result: deferred<MeshReceipt>(),
    };
    this.#waits.set(wait.token, wait);
    this.#parts.open(wait.token, [...wait.members.keys()]);
    return wait;
  }

  /** Whether it is over: there are enough, or there can not be any more. */
  #review(wait: Wait): void {
    const receipt = this.#receiptOf(wait);
    const heard = receipt.acked.length + receipt.idle.length;
    const open = [...wait.members].filter(([id]) => !wait.outcomes.has(id)).map(([, node]) => node);
    const { goal } = wait;
    if ('zones' in goal) {
      const possible = zonesOf([...receipt.acked, ...receipt.idle, ...open]).length;
      if (receipt.zones.length >= goal.zones) wait.result.resolve(receipt);
      else if (possible < goal.zones) this.#fail(wait, `${possible} zones can answer`);
    } else if (goal.count === 'all') {
      if (receipt.refused.length > 0) this.#fail(wait, 'a handler has failed');
      else if (open.length === 0) wait.result.resolve(receipt);
    } else if (heard >= goal.count) {
      wait.result.resolve(receipt);
    } else if (heard + open.length < goal.count) {
      this.#fail(wait, `${heard + open.length} nodes can answer`);
    }
  }

  #fail(wait: Wait, why: string): void {
    const receipt = this.#receiptOf(wait);
    const asked = 'zones' in wait.goal ? `${wait.goal.zones} zones` : `${wait.goal.count} other nodes`;
    wait.result.reject(new MeshQuorumError(`waited for ${asked}, and ${why}: ${summaryOf(receipt)}`, receipt));
  }

  #receiptOf(wait: Wait): MeshReceipt {
    const by = (...outcomes: readonly (AskOutcome | 'gone' | undefined)[]): MeshReceiptNode[] =>
      [...wait.members].filter(([id]) => outcomes.includes(wait.outcomes.get(id))).map(([, node]) => node);
    const [acked, idle] = [by('ran', 'covered'), by('idle')];
    return Object.freeze({
      acked,
      idle,
      refused: by('refused'),
      missing: by(undefined, 'gone'),
      legacy: wait.legacy,
      zones: zonesOf([...acked, ...idle]),
      elapsed: this.#parts.clock().now() - wait.startedAt,
    });
  }
}

function goalFor(goal: ReceiptGoal, others: number): Goal {
  if ('zones' in goal) return goal;
  return { count: goal.count === 'quorum' ? othersOfQuorum(others) : goal.count };
}

function nodeOf({ id, endpoint, zone }: PeerView): MeshReceiptNode {
  return { id: formatNodeId(id), address: endpoint, zone };
}

function zonesOf(nodes: readonly MeshReceiptNode[]): string[] {
  return [...new Set(nodes.flatMap(({ zone }) => zone ?? []))];
}

function summaryOf({ acked, idle, refused, missing }: MeshReceipt): string {
  return `${acked.length} acked, ${idle.length} idle, ${refused.length} refused, ${missing.length} missing`;
}
