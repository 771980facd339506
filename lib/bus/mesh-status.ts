/**
 * How a bus stands. `idle`: not started, or the start failed. `joining`: it looks for others. `ready`: it takes part.
 * `isolated`: it takes part, but every peer that it knew has gone silent. `closing`, then `closed`: it is over.
 */
export type MeshStatus = 'idle' | 'joining' | 'ready' | 'isolated' | 'closing' | 'closed';
