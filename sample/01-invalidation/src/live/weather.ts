import type { NetworkState } from '../network/network-state.js';

export const LOSS = 0.2;

/** What is wrong with the network of all. */
export interface Weather {
  readonly lossy: boolean;
  /** Name of the instance that the others do not reach, and that does not reach them. */
  readonly cutOff: string | undefined;
}

/** What that means for the instance of that name. `endpoints` has those of all instances, by their names. */
export function networkOf(
  name: string,
  { lossy, cutOff }: Weather,
  endpoints: ReadonlyMap<string, readonly string[]>,
): NetworkState {
  const loss = lossy ? LOSS : 0;
  if (cutOff === undefined) return { loss, onlyFrom: null };
  // Named are those who are heard and not those who are not: so it holds for an instance that is started meanwhile.
  const sameSide = [...endpoints].filter(([other]) => other !== name && (other === cutOff) === (name === cutOff));
  return { loss, onlyFrom: sameSide.flatMap(([, those]) => those) };
}

export function isSame(one: NetworkState, other: NetworkState): boolean {
  return one.loss === other.loss && String(one.onlyFrom ?? 'all') === String(other.onlyFrom ?? 'all');
}
