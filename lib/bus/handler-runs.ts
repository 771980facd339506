import { Fifo } from '../primitives/fifo.js';
import type { AwaitedEvents } from './awaited-events.js';
import { loadOf } from './event-load.js';
import type { HandlerRunner } from './handler-runner.js';
import type { MeshEvent } from './mesh-event.js';
import type { QuestionRun } from './question-run.js';
import type { EventSubscriber, Subscriber } from './subscriber.js';

interface HandlerBounds {
  readonly handlers: number;
  readonly handlerEvents: number;
}

interface Parts {
  readonly runner: HandlerRunner;
  readonly awaited: AwaitedEvents;
  readonly bounds: HandlerBounds;
  readonly onDrop: (events: readonly MeshEvent[]) => void;
  /** A question was refused. */
  readonly onRefuse: () => void;
}

interface Waiting {
  readonly subscriber: Subscriber;
  /** One for a subscriber that is told event by event. */
  readonly events: readonly MeshEvent[];
  readonly load: number;
}

/**
 * Runs the handlers of events and of questions, asynchronous ones not more than `limits.handlers` at once. Beyond that
 * they wait in the order in which they came, and beyond `limits.handlerEvents` of them, long ones counted for each of their
 * datagrams, events are dropped and questions refused.
 *
 * Whether a function is asynchronous is seen by what it returns. One that has not returned a promise yet is run without
 * delay, so that synchronous ones never wait; one that then does so for the first time may exceed the bound by itself.
 */
export class HandlerRuns {
  readonly #runner: HandlerRunner;
  readonly #awaited: AwaitedEvents;
  readonly #bounds: HandlerBounds;
  readonly #onDrop: (events: readonly MeshEvent[]) => void;
  #underWay = 0;
  readonly #onIdle: (() => void)[] = [];
  #waiting = new Fifo<Waiting>();
  /** Of the events and the questions that wait. */
  #load = 0;
  /** Those that wait. Apart from events, as any of them may be withdrawn. */
  readonly #questions = new Set<QuestionRun>();
  #isQuestionsTurn = false;
  readonly #onRefuse: () => void;

  constructor(parts: Parts) {
    this.#runner = parts.runner;
    this.#awaited = parts.awaited;
    this.#bounds = parts.bounds;
    this.#onDrop = parts.onDrop;
    this.#onRefuse = parts.onRefuse;
  }

  tell(subscriber: EventSubscriber, event: MeshEvent): void {
    if (!this.#awaited.isEmpty) return this.tellBatch(subscriber, [event]);
    // Not by way of #begin, which would make 16 ns of the 10 that it takes to tell a synchronous listener.
    if (subscriber.isAsync && this.#isFull()) this.#wait(subscriber, [event]);
    else if (this.#runner.run(subscriber.listener, event, subscriber.label, this.#onEnd) === 'running') {
      this.#note(subscriber);
    }
  }

  /** One event for a subscriber that is told event by event. */
  tellBatch(subscriber: Subscriber, events: readonly MeshEvent[]): void {
    if (subscriber.isAsync && this.#isFull()) this.#wait(subscriber, events);
    else this.#begin(subscriber, events);
  }

  /** Lets a question be answered, now or when there is room. */
  ask(question: QuestionRun): void {
    if (!question.isAsync || !this.#isFull()) return this.#beginQuestion(question);
    if (this.#load >= this.#bounds.handlerEvents) {
      question.refuse();
      this.#onRefuse();
      return;
    }
    this.#questions.add(question);
    this.#load += question.load;
  }

  /** Nobody waits for the answer any more. */
  withdraw(question: QuestionRun): void {
    if (this.#questions.delete(question)) this.#load -= question.load;
  }

  /** Resolves when no asynchronous run is under way, and so none waits; `undefined` if that is so now. */
  ended(): Promise<void> | undefined {
    return this.#underWay === 0 ? undefined : new Promise((resolve) => this.#onIdle.push(resolve));
  }

  /** Lets go of what waits for one that is not subscribed any more. */
  forget(subscriber: Subscriber): void {
    if (subscriber.waiting === 0) return;
    const waiting = this.#waiting;
    this.#waiting = new Fifo();
    for (let next = waiting.take(); next !== undefined; next = waiting.take()) {
      if (next.subscriber !== subscriber) this.#waiting.push(next);
      else this.#settle(next.events, false);
    }
    this.#load -= subscriber.waiting;
    subscriber.waiting = 0;
  }

  /** While some wait, who comes later waits behind them. */
  #isFull(): boolean {
    return this.#underWay >= this.#bounds.handlers || this.#waiting.length + this.#questions.size > 0;
  }

  /** A run that is under way now. */
  #note(subscriber: Subscriber): void {
    subscriber.isAsync = true;
    this.#underWay++;
  }

  #beginQuestion(question: QuestionRun): void {
    if (question.begin(this.#onEnd)) this.#underWay++;
  }

  /** As many as there is room for; the last of them may take more than that. */
  #wait(subscriber: Subscriber, events: readonly MeshEvent[]): void {
    const room = this.#bounds.handlerEvents - this.#load;
    let load = 0;
    let count = 0;
    for (; count < events.length && load < room; count++) load += loadOf(events[count]!);
    if (count > 0) {
      this.#waiting.push({ subscriber, events: count === events.length ? events : events.slice(0, count), load });
      this.#load += load;
      subscriber.waiting += load;
    }
    if (count === events.length) return;
    const dropped = events.slice(count);
    this.#settle(dropped, true);
    this.#onDrop(dropped);
  }

  #begin(subscriber: Subscriber, events: readonly MeshEvent[]): void {
    const { label } = subscriber;
    const onEnd = this.#awaited.isEmpty
      ? this.#onEnd
      : (failed: boolean): void => {
          this.#settle(events, failed);
          this.#onEnd();
        };
    const state =
      subscriber.kind === 'batch'
        ? this.#runner.run(subscriber.listener, events, label, onEnd)
        : this.#runner.run(subscriber.listener, events[0]!, label, onEnd);
    if (state === 'running') this.#note(subscriber);
    else this.#settle(events, state === 'failed');
  }

  #settle(events: readonly MeshEvent[], failed: boolean): void {
    if (this.#awaited.isEmpty) return;
    for (const event of events) this.#awaited.ended(event, failed);
  }

  readonly #onEnd = (): void => {
    this.#underWay--;
    while (this.#underWay < this.#bounds.handlers && this.#beginNext()) continue;
    if (this.#underWay === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
  };

  /** One that waits; events and questions by turns. `false`: none does. */
  #beginNext(): boolean {
    this.#isQuestionsTurn = !this.#isQuestionsTurn;
    if (this.#questions.size > 0 && (this.#isQuestionsTurn || this.#waiting.length === 0)) {
      const [question] = this.#questions;
      this.withdraw(question!);
      this.#beginQuestion(question!);
      return true;
    }
    const next = this.#waiting.take();
    if (next === undefined) return false;
    const { subscriber, events, load } = next;
    this.#load -= load;
    subscriber.waiting -= load;
    this.#begin(subscriber, events);
    return true;
  }
}
