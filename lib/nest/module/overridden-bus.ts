import { BOUND_CACHES, newBoundCaches } from '../../bus/bound-caches.js';
import { isMeshBus, MESH_BUS_BRAND } from '../../bus/is-mesh-bus.js';
import type { MeshBus } from '../../bus/mesh-bus.js';
import type { MeshSubscription } from '../../bus/mesh-subscription.js';
import { MeshError } from '../../errors/mesh-error.js';
import type { Fence } from '../../reliability/fences.js';

const silent: MeshSubscription = { unsubscribe: () => undefined };
const hear = (): MeshSubscription => silent;
const settle = (): Promise<void> => Promise.resolve();

/**
 * The bus itself, or what server and client can do with the stub that a test put in its place: publish to it, and ask it.
 * Their constructors would take a stub for options, and open a node of their own.
 */
export function overridable(bus: unknown): MeshBus {
  if (isMeshBus(bus)) return bus;
  const idle = { onStatus: hear, onPeer: hear, onResync: hear, onMatching: hear };
  const bound = { subscribe: hear, subscribeBatch: hear, respond: hear };
  const publish = async (...args: readonly unknown[]): Promise<void> => {
    await callIfThere(bus, 'publish', ...args);
  };
  const request = (...args: Parameters<MeshBus['request']>): (() => void) => ask(bus, args);
  const publishMatching = async (...args: readonly unknown[]): Promise<void> => {
    await callIfThere(bus, 'publishMatching', ...args);
  };
  const members = { status: 'ready', start: settle, close: settle, publish, publishMatching, request };
  // Nobody else writes: what is loaded may be kept.
  const fence = (): Fence => ({ isCurrent: () => true });
  const brands = { [MESH_BUS_BRAND]: true, [BOUND_CACHES]: newBoundCaches(() => undefined) };
  const stand = { ...idle, ...bound, ...members, publishAndAwait: publish, fence, ...brands };
  // These are all the members that the parts of the module use.
  return stand as unknown as MeshBus;
}

/** A stub that does not know how to be asked is one that nobody answers. */
function ask(bus: unknown, args: Parameters<MeshBus['request']>): () => void {
  if (typeof bus !== 'object' || bus === null || !('request' in bus)) {
    args[2].error(new MeshError('MESH_ERR_NO_HANDLER', 'the bus is a stub that has no request()'));
    return () => undefined;
  }
  const cancel = callIfThere(bus, 'request', ...args);
  return () => {
    if (typeof cancel === 'function') Reflect.apply(cancel, undefined, []);
  };
}

/** Calls a method where the object has it: a stub has what its test needs, and no more. */
export function callIfThere(target: unknown, method: string, ...args: readonly unknown[]): unknown {
  if (typeof target !== 'object' || target === null) return undefined;
  const body: unknown = Reflect.get(target, method);
  return typeof body === 'function' ? Reflect.apply(body, target, args) : undefined;
}
