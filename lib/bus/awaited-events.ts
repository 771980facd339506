import type { AskOutcome } from '../wire/receipt-packet.js';
import type { MeshEvent } from './mesh-event.js';

interface Tally {
  running: number;
  told: number;
  failed: boolean;
  readonly onEnd: (outcome: AskOutcome) => void;
}

/** Events whose publisher waits until all handlers here have ended. */
export class AwaitedEvents {
  readonly #tallies = new Map<MeshEvent, Tally>();

  /** None for most of the time: whoever runs handlers need not ask further then. */
  get isEmpty(): boolean {
    return this.#tallies.size === 0;
  }

  /** Tells its handlers within `tell`, and `onEnd` what has become of it when the last of them has ended. */
  run(event: MeshEvent, tell: () => void, onEnd: (outcome: AskOutcome) => void): void {
    // It counts itself, until all handlers have been told.
    this.#tallies.set(event, { running: 1, told: 0, failed: false, onEnd });
    tell();
    this.ended(event, false);
  }

  /** One more handler is told of it. */
  started(event: MeshEvent): void {
    const tally = this.#tallies.get(event);
    if (tally === undefined) return;
    tally.running++;
    tally.told++;
  }

  /** One has ended, or will never be run. */
  ended(event: MeshEvent, failed: boolean): void {
    const tally = this.#tallies.get(event);
    if (tally === undefined) return;
    tally.failed ||= failed;
    if (--tally.running > 0) return;
    this.#tallies.delete(event);
    if (tally.told === 0) tally.onEnd('idle');
    else tally.onEnd(tally.failed ? 'refused' : 'ran');
  }
}
