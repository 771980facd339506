import { loadOf } from './event-load.js';
import type { MeshRequest } from './mesh-request.js';
import type { ReplyPort } from './reply-port.js';
import type { RegisteredResponder } from './responders.js';

export const TOO_BUSY = 'too many requests wait for the handlers of this node, which refuses further ones';

/** One question on its way to who answers it here. */
export class QuestionRun {
  readonly #port: ReplyPort;
  readonly #responder: RegisteredResponder;
  readonly #request: Omit<MeshRequest, 'signal'>;

  constructor(port: ReplyPort, responder: RegisteredResponder, request: Omit<MeshRequest, 'signal'>) {
    this.#port = port;
    this.#responder = responder;
    this.#request = request;
  }

  get load(): number {
    return loadOf(this.#request);
  }

  /** Whether it is expected to be under way for a while. */
  get isAsync(): boolean {
    return this.#responder.isAsync;
  }

  /**
   * @param onEnd called later, when it has ended
   * @returns whether it is under way
   */
  begin(onEnd: () => void): boolean {
    if (this.#port.isOver) return false;
    const isRunning = this.#port.run(this.#responder.responder, this.#request, onEnd);
    if (isRunning) this.#responder.isAsync = true;
    return isRunning;
  }

  /** There is no room for it. */
  refuse(): void {
    this.#port.error(TOO_BUSY);
  }
}
