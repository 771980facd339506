import type { NodeEvent } from '../core/node-event.js';
import type { PeerView } from '../membership/peer-view.js';
import type { NodeId } from '../primitives/node-id.js';
import type { AskOutcome } from '../wire/receipt-packet.js';
import { type EventData, NO_METADATA } from './event-data.js';
import { noteLoad } from './event-load.js';
import { formatNodeId } from './node-uuid.js';
import type { HandlerRuns } from './handler-runs.js';
import type { MeshRequest } from './mesh-request.js';
import { QuestionRun } from './question-run.js';
import { ReplyPort } from './reply-port.js';
import type { RegisteredResponder, Responders } from './responders.js';

interface Parts {
  readonly zone: string | undefined;
  readonly responders: Responders;
  readonly eventData: EventData;
  readonly runs: HandlerRuns;
  readonly say: (asker: NodeId, token: number, value: Buffer, isError: boolean) => boolean;
  readonly settle: (asker: NodeId, token: number, outcome: AskOutcome) => void;
}

/** Questions of others, and the answers to them that are under way. */
export class IncomingRequests {
  readonly #parts: Parts;
  readonly #open = new Map<NodeId, Map<number, ReplyPort>>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  handle({ origin, keys, attachments }: NodeEvent & { readonly kind: 'request' }): void {
    const { responders, eventData, settle } = this.#parts;
    for (const [index, key] of keys.entries()) {
      const attachment = attachments?.get(index);
      if (attachment?.ask === undefined) continue;
      const { token, zone } = attachment.ask;
      const responder = zone === undefined || zone === this.#parts.zone ? responders.find(key) : undefined;
      if (responder === undefined) {
        settle(origin.id, token, 'idle');
        continue;
      }
      const request = {
        key,
        data: attachment.data === undefined ? undefined : eventData.data(attachment.data),
        origin: formatNodeId(origin.id),
        zone: origin.zone,
        metadata: attachment.metadata === undefined ? NO_METADATA : eventData.metadata(attachment.metadata),
      };
      noteLoad(request, attachment);
      this.#run(origin.id, token, responder, request);
    }
  }

  cancel(asker: NodeId, token: number): void {
    this.#open.get(asker)?.get(token)?.cancel();
  }

  /** Who has gone waits for nothing. */
  notePeer({ id, state }: PeerView): void {
    if (state !== 'dead' && state !== 'left') return;
    for (const port of [...(this.#open.get(id)?.values() ?? [])]) port.cancel();
  }

  /** Nobody is answered any more: the time in which handlers may end is over. */
  abandon(): void {
    for (const ports of this.#open.values()) for (const port of ports.values()) port.abandon();
    this.#open.clear();
  }

  #run(asker: NodeId, token: number, responder: RegisteredResponder, request: Omit<MeshRequest, 'signal'>): void {
    const { say, settle, runs } = this.#parts;
    const ports = this.#open.get(asker) ?? new Map<number, ReplyPort>();
    this.#open.set(asker, ports);
    const port = new ReplyPort({
      say: (value, isError) => say(asker, token, value, isError),
      end: (outcome) => {
        ports.delete(token);
        if (ports.size === 0) this.#open.delete(asker);
        runs.withdraw(question);
        settle(asker, token, outcome);
      },
    });
    ports.set(token, port);
    const question = new QuestionRun(port, responder, request);
    runs.ask(question);
  }
}
