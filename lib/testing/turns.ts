import { MessageChannel, type MessagePort } from 'node:worker_threads';

/**
 * Real turns of the event loop, by message ports: fake timers replace `setImmediate` and leave these alone. They keep
 * the process alive from the first turn until `rest`.
 */
export class Turns {
  #ports: { readonly port1: MessagePort; readonly port2: MessagePort } | undefined;
  #onTurn: (() => void) | undefined;

  /** Resolves in the next turn; until then it is not called again. */
  next(): Promise<void> {
    const { port1 } = (this.#ports ??= this.#open());
    return new Promise((resolve) => {
      this.#onTurn = resolve;
      port1.postMessage(undefined);
    });
  }

  /** Nothing stays open. The next turn opens it again. */
  rest(): void {
    this.#ports?.port1.close();
    this.#ports = undefined;
  }

  #open(): MessageChannel {
    const channel = new MessageChannel();
    channel.port2.on('message', () => this.#onTurn?.());
    return channel;
  }
}
