import type { MeshNodeConfig } from '../../lib/core/node-config.js';
import type { NodeStatus, NodeWarning } from '../../lib/core/node-event.js';
import type { PeerState, PeerView } from '../../lib/membership/peer-view.js';
import type { Endpoint } from '../../lib/primitives/endpoint.js';
import type { NodeId } from '../../lib/primitives/node-id.js';
import type { SimulatedNode } from '../../lib/simulation/simulated-node.js';
import type { NetworkConditions } from '../../lib/simulation/simulated-network.js';
import { Simulator } from '../../lib/simulation/simulator.js';
import { Traffic } from './sim-traffic.js';

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

/** By the group, or from one seed where there is no group. */
export type Way = 'group' | 'seed';
export const WAYS: readonly Way[] = ['group', 'seed'];

export interface MeshPlan {
  readonly seed: number;
  readonly way: Way;
  readonly count: number;
  /** Between the starts of two nodes. */
  readonly spacingMs?: number;
  readonly conditions?: Partial<NetworkConditions>;
  readonly config?: Partial<MeshNodeConfig>;
}

export interface Mesh {
  readonly simulator: Simulator;
  readonly traffic: Traffic;
  readonly nodes: SimulatedNode[];
  /** Starts one more, as the others were. */
  readonly join: (config?: Partial<MeshNodeConfig>) => SimulatedNode;
}

/** Starts nodes that are to become one mesh; no time passes but `spacingMs`. */
export function startMesh(plan: MeshPlan): Mesh {
  const traffic = new Traffic();
  const multicast = plan.way === 'group';
  const simulator = new Simulator({
    seed: plan.seed,
    conditions: { ...plan.conditions, multicast },
    onCarry: (carriage) => traffic.note(carriage),
  });
  const nodes: SimulatedNode[] = [];
  const join = (config: Partial<MeshNodeConfig> = {}): SimulatedNode => {
    const seeds = multicast ? [] : nodes.slice(0, 1).map(({ endpoint }) => endpoint);
    const node = simulator.start({ multicast, ...plan.config, ...config }, seeds);
    nodes.push(node);
    return node;
  };
  for (let index = 0; index < plan.count; index++) {
    join();
    if (plan.spacingMs !== undefined && plan.spacingMs > 0) simulator.run(plan.spacingMs);
  }
  return { simulator, traffic, nodes, join };
}

/** A mesh in which everyone knows everyone and has been at rest for a while. From here on its traffic is recorded. */
export function settledMesh(plan: MeshPlan): Mesh {
  const mesh = startMesh(plan);
  const { simulator, nodes } = mesh;
  if (!passes(simulator, () => knowAll(nodes), MINUTE)) throw new Error('the mesh did not come together in a minute');
  simulator.run((plan.config?.heartbeatMs ?? 5 * SECOND) * 3);
  mesh.traffic.record();
  return mesh;
}

/** Lets time pass until `done`, which is asked a hundred times only: it may look at everyone. */
export function passes(simulator: Simulator, done: () => boolean, withinMs: number): boolean {
  const end = simulator.now + withinMs;
  while (!done()) {
    if (simulator.now >= end) return false;
    simulator.run(Math.min(withinMs / 100, end - simulator.now));
  }
  return true;
}

/** Whether each of them takes all others, and nobody else, for members. */
export function knowAll(nodes: readonly SimulatedNode[]): boolean {
  return (
    nodes.every(({ node }) => node.stats().members === nodes.length - 1) && nodes.every((one) => knows(one, nodes))
  );
}

function knows(one: SimulatedNode, nodes: readonly SimulatedNode[]): boolean {
  const endpoints = new Set(one.node.peers().map(({ endpoint }) => endpoint));
  return nodes.every((other) => other === one || endpoints.has(other.endpoint));
}

export function addresses(nodes: readonly SimulatedNode[]): Endpoint[] {
  return nodes.map(({ endpoint }) => endpoint);
}

/** Those but `node`. */
export function others(nodes: readonly SimulatedNode[], node: SimulatedNode): SimulatedNode[] {
  return nodes.filter((one) => one !== node);
}

export function statuses({ events }: SimulatedNode): NodeStatus[] {
  return events.flatMap((event) => (event.kind === 'status' ? [event.status] : []));
}

export function warnings({ events }: SimulatedNode): NodeWarning['code'][] {
  return events.flatMap((event) => (event.kind === 'warning' ? [event.warning.code] : []));
}

/** What the node has told of the peers at that address, in order. */
export function statesTold({ events }: SimulatedNode, endpoint: Endpoint): PeerState[] {
  return events.flatMap((event) =>
    event.kind === 'peer' && event.peer.endpoint === endpoint ? [event.peer.state] : [],
  );
}

/** How many peers the node has given up. */
export function lostCount({ node }: SimulatedNode): number {
  return node.stats().counters.lost;
}

export function peerAt({ node }: SimulatedNode, endpoint: Endpoint): PeerView | undefined {
  return node.peers().find((peer) => peer.endpoint === endpoint);
}

/** The id by which the others know it. */
export function idOf(node: SimulatedNode, known: SimulatedNode): NodeId {
  const peer = peerAt(known, node.endpoint);
  if (peer === undefined) throw new Error(`nobody is known at ${node.endpoint}`);
  return peer.id;
}

/** How often each node has delivered the key. */
export function deliveries(nodes: readonly SimulatedNode[], key: string): number[] {
  return nodes.map(({ delivered }) => delivered.filter((one) => one.key === key).length);
}
