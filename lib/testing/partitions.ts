import type { MeshBus } from '../bus/mesh-bus.js';
import type { Endpoint } from '../primitives/endpoint.js';

type Sides = readonly (readonly MeshBus[])[];

/** Who does not reach whom. */
export class Partitions {
  readonly #partitions = new Set<Sides>();

  /** Returns what undoes it. */
  add(sides: Sides): () => void {
    this.#partitions.add(sides);
    return () => void this.#partitions.delete(sides);
  }

  clear(): void {
    this.#partitions.clear();
  }

  isCut(from: Endpoint, to: Endpoint): boolean {
    for (const sides of this.#partitions) if (sideOf(sides, from) !== sideOf(sides, to)) return true;
    return false;
  }
}

/** Whoever is not named stands on one side with all others who are not. */
function sideOf(sides: Sides, endpoint: Endpoint): number {
  return sides.findIndex((buses) => buses.some(({ address }) => address === endpoint));
}
