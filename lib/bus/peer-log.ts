import type { Clock, Timer } from '../runtime/ports.js';
import type { MeshPeer } from './mesh-peer.js';

/** Changes within this time are told in one line: a large mesh that is deployed anew makes hundreds of them. */
const GATHER_MS = 1000;

interface PeerLogParts {
  readonly cluster: string;
  readonly clock: () => Clock;
  readonly peerCount: () => number;
  readonly write: (message: string) => void;
}

/** Who came and who went since the line at start, in a line a second at most. */
export class PeerLog {
  readonly #parts: PeerLogParts;
  readonly #present = new Set<string>();
  /** What to say when it stays the only one. */
  #first = '';
  #counts = { joined: 0, left: 0, lost: 0 };
  #timer: Timer | undefined;

  constructor(parts: PeerLogParts) {
    this.#parts = parts;
  }

  /** `isTold`: whether the line at start has been written; who came before is in its count. */
  note(peer: MeshPeer, isTold: boolean): void {
    const change = this.#changeOf(peer);
    if (change === undefined || !isTold) return;
    this.#counts[change]++;
    if (this.#timer === undefined) this.#first = `peer ${peer.address} ${WORDS[change]}`;
    const clock = this.#parts.clock();
    this.#timer ??= clock.schedule(clock.now() + GATHER_MS, () => this.#tell());
  }

  /** Nothing is told any more. */
  close(): void {
    this.#timer?.cancel();
    this.#present.clear();
  }

  #changeOf({ id, state }: MeshPeer): 'joined' | 'left' | 'lost' | undefined {
    if (state === 'left' || state === 'dead') {
      if (!this.#present.delete(id)) return undefined;
      return state === 'left' ? 'left' : 'lost';
    }
    if (this.#present.has(id)) return undefined;
    this.#present.add(id);
    return 'joined';
  }

  #tell(): void {
    this.#timer = undefined;
    const { joined, left, lost } = this.#counts;
    const what = joined + left + lost === 1 ? this.#first : `peers: ${joined} joined, ${left} left, ${lost} lost`;
    this.#counts = { joined: 0, left: 0, lost: 0 };
    const count = this.#parts.peerCount();
    this.#parts.write(`mesh "${this.#parts.cluster}" ${what} · ${count === 1 ? '1 peer' : `${count} peers`}`);
  }
}

const WORDS = { joined: 'joined', left: 'left', lost: 'fell silent and is given up' } as const;
