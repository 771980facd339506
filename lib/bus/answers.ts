import type { MeshError } from '../errors/mesh-error.js';
import type { PeerView } from '../membership/peer-view.js';
import type { NodeId } from '../primitives/node-id.js';
import type { AskOutcome } from '../wire/receipt-packet.js';
import type { MeshDriver } from '../runtime/mesh-driver.js';
import type { Clock } from '../runtime/ports.js';
import type { AnswerEvent, BusAudience } from './bus-audience.js';
import { IncomingRequests } from './incoming-requests.js';
import { OutgoingRequests } from './outgoing-requests.js';
import { ReceiptWaits } from './receipt-waits.js';
import { Responders } from './responders.js';

const TOKENS = 2 ** 32;
const ANSWER_KINDS: ReadonlySet<string> = new Set<AnswerEvent['kind']>(['receipt', 'request', 'reply', 'cancelled']);

interface Parts {
  readonly id: string;
  readonly zone: string | undefined;
  readonly audience: Pick<BusAudience, 'eventData' | 'runs' | 'runner'>;
  readonly clock: () => Clock;
  readonly driver: () => MeshDriver | undefined;
}

/** What others say when they are asked: whether they have dealt with an event, and what they answer. */
export class Answers {
  readonly receipts: ReceiptWaits;
  readonly requests: OutgoingRequests;
  readonly responders = new Responders();
  /** What has become here of an event whose publisher waits. */
  readonly settle: (publisher: NodeId, token: number, outcome: AskOutcome) => void;
  readonly #incoming: IncomingRequests;
  #token = 0;

  constructor({ id, zone, audience: { eventData, runs, runner }, clock, driver }: Parts) {
    const common = {
      clock,
      peers: (): readonly PeerView[] => driver()?.peers() ?? [],
      nextToken: (): number => (this.#token = (this.#token + 1) % TOKENS),
      close: (token: number) => driver()?.answer((receipts) => receipts.close(token)),
    };
    this.receipts = new ReceiptWaits({
      ...common,
      open: (token, members) => driver()?.answer((receipts) => receipts.open(token, members)),
    });
    this.requests = new OutgoingRequests({
      ...{ ...common, id, zone, eventData, runs, runner },
      open: (token, members) => {
        driver()?.answer((receipts) => {
          receipts.open(token, members);
          receipts.replies.open(token);
        });
      },
    });
    this.settle = (asker, token, outcome) => {
      driver()?.answer((receipts, now) => receipts.settle(now, asker, token, outcome));
    };
    this.#incoming = new IncomingRequests({
      ...{ zone, responders: this.responders, eventData, runs },
      say: (asker, token, value, isError) => {
        let said = true;
        driver()?.answer(({ replies }, now) => {
          said = replies.said.say(now, asker, token, { value, isError });
        });
        return said;
      },
      settle: this.settle,
    });
  }

  handle(event: AnswerEvent): void {
    switch (event.kind) {
      case 'receipt':
        this.receipts.note(event.from, event.token, event.outcome);
        return this.requests.noteOutcome(event.from, event.token, event.outcome);
      case 'reply':
        return this.requests.noteReply(event.from, event.token, event.value, event.isError);
      case 'request':
        return this.#incoming.handle(event);
      case 'cancelled':
        return this.#incoming.cancel(event.origin, event.token);
    }
  }

  notePeer(peer: PeerView): void {
    this.receipts.notePeer(peer);
    this.requests.notePeer(peer);
    this.#incoming.notePeer(peer);
  }

  /** Who answers here is not waited for any more. */
  abandon(): void {
    this.#incoming.abandon();
  }

  /** Nobody will answer any more. */
  fail(reason: MeshError): void {
    this.receipts.fail(reason);
    this.requests.fail(reason);
  }
}

/** Whether it concerns these. */
export function isAnswerEvent(event: { readonly kind: string }): event is AnswerEvent {
  return ANSWER_KINDS.has(event.kind);
}
