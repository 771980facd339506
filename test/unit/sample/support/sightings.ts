import type { Look } from '../../../../sample/01-invalidation/src/live/look.js';
import type { Sighting } from '../../../../sample/01-invalidation/src/live/sighting.js';

type LookParts = Partial<Omit<Look, 'network'>> & { readonly dropped?: number };

export function look({ dropped = 0, ...parts }: LookParts = {}): Look {
  return {
    nodeId: 'one',
    status: 'ready',
    endpoints: ['127.0.0.1:40001'],
    peers: 2,
    price: 226,
    ageMs: 0,
    gaps: 0,
    repaired: 0,
    resyncs: 0,
    latestResyncs: [],
    network: { loss: 0, onlyFrom: null, dropped },
    ...parts,
  };
}

/** By default of a moment at which all is well. */
export function sighting(parts: LookParts = {}, rest: Partial<Omit<Sighting, 'look'>> = {}): Sighting {
  const seen = look(parts);
  return { look: seen, at: 1000, truth: seen.price, staleSince: undefined, ...rest };
}
