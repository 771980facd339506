import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Fifo } from '../primitives/fifo.js';

/**
 * Turns behind all promises, by message ports: fake timers replace `setImmediate` and leave these alone. They keep the
 * process alive from the first turn until `rest`. Node handles up to 1000 messages of a port before it goes on with its
 * loop; a new port gets its first one in the next round.
 */
export class Turns {
  readonly #waiting = new Fifo<() => void>();
  #ports: { readonly port1: MessagePort; readonly port2: MessagePort } | undefined;

  /** Resolves in a turn of its own. */
  next(): Promise<void> {
    const { port1 } = (this.#ports ??= this.#open());
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      port1.postMessage(undefined);
    });
  }

  /** Nothing stays open, unless somebody waits. The next turn opens it again. */
  rest(): void {
    if (this.#waiting.length > 0) return;
    this.#ports?.port1.close();
    this.#ports = undefined;
  }

  #open(): MessageChannel {
    const channel = new MessageChannel();
    channel.port2.on('message', () => this.#waiting.take()?.());
    return channel;
  }
}
