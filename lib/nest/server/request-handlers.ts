import type { BaseRpcContext, MessageHandler, WritePacket } from '@nestjs/microservices';
import { EMPTY, type Observable, takeUntil } from 'rxjs';
import type { MeshBus } from '../../bus/mesh-bus.js';
import type { MeshEvent } from '../../bus/mesh-event.js';
import type { MeshReply, MeshRequest } from '../../bus/mesh-request.js';
import type { MeshSubscription } from '../../bus/mesh-subscription.js';
import { HIDDEN_FAILURE } from '../rpc-failures.js';
import type { EventDeserializer } from './event-deserializer.js';
import type { HandlerRoute } from './handler-route.js';
import { MeshContext } from './mesh.context.js';
import { type AnswerParts, RequestAnswer } from './request-answer.js';

type RequestHandler = MessageHandler<unknown, unknown, unknown>;

/** What Nest's servers do with a question: its hooks around the handler, and packets of what that returns. */
export type HandleRequest = (
  context: BaseRpcContext,
  produce: () => Promise<Observable<unknown>>,
  respond: (packet: WritePacket<unknown>) => Promise<unknown>,
) => unknown;

interface Parts extends AnswerParts {
  readonly handle: HandleRequest;
  /** `Server.transformToObservable`. */
  readonly observe: (result: unknown) => Observable<unknown>;
  /** `undefined`: data are handed on as they came. */
  readonly deserializer: EventDeserializer | undefined;
}

/**
 * The handlers of questions of a server, and how those of a bus come to them. They stand apart from those of events, with
 * which Nest would chain them: the network writes keys, and no event must reach what answers, nor a question an event's.
 */
export class RequestHandlers {
  readonly #parts: Parts;
  readonly #handlers = new Map<string, RequestHandler>();
  readonly #routes = new Map<string, HandlerRoute>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Of several of one pattern the last one counts, as on Nest's own transports. */
  add(route: HandlerRoute, handler: MessageHandler, extras: Record<string, unknown>): void {
    this.#handlers.set(route.text, Object.assign(handler, { isEventHandler: false, extras }));
    this.#routes.set(route.text, route);
  }

  /** By their patterns, as text. */
  get all(): ReadonlyMap<string, MessageHandler> {
    return this.#handlers;
  }

  /** Lets all of them answer. What was bound is noted at once, as a pattern behind it may be refused. */
  bind(bus: MeshBus, subscriptions: MeshSubscription[]): void {
    for (const { text, pattern } of this.#routes.values()) {
      const respond = (request: MeshRequest, reply: MeshReply): Promise<void> => this.#respond(text, request, reply);
      subscriptions.push(bus.respond(pattern, respond));
    }
  }

  async #respond(text: string, request: MeshRequest, reply: MeshReply): Promise<void> {
    const answer = new RequestAnswer(request, reply, this.#parts);
    const event = await this.#read(request);
    if (event === undefined) {
      reply.error(HIDDEN_FAILURE);
      return;
    }
    const context = new MeshContext([event, text, request.signal]);
    const produce = (): Promise<Observable<unknown>> => this.#produce(event.data, context, answer);
    try {
      await this.#parts.handle(context, produce, answer.write);
    } catch (error) {
      // A hook of the application.
      answer.fail(error);
    }
  }

  /** As an event of no datagram; `undefined` where its data can not be read, which has been counted. */
  async #read({ key, data, origin, zone, metadata }: MeshRequest): Promise<MeshEvent | undefined> {
    const { deserializer } = this.#parts;
    const event = { key, data, origin, zone, metadata, sequence: 0 };
    if (deserializer === undefined || data === undefined) return Object.freeze(event);
    try {
      return Object.freeze({ ...event, data: await deserializer.payload(event) });
    } catch {
      return undefined;
    }
  }

  /** It never rejects: a hook of Nest that drops the promise which it is given would else end the process. */
  async #produce(data: unknown, context: MeshContext, answer: RequestAnswer): Promise<Observable<unknown>> {
    let result: unknown;
    try {
      result = await this.#handlers.get(context.getPattern())!(data, context);
    } catch (error) {
      // Only a filter that throws comes so far.
      answer.fail(error);
      return EMPTY;
    }
    return this.#parts.observe(result).pipe(takeUntil(answer.over));
  }
}
