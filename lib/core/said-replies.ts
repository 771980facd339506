import { type Instant, NEVER } from '../primitives/instant.js';
import type { NodeId } from '../primitives/node-id.js';
import { TokenBucket } from '../primitives/token-bucket.js';
import type { Member } from '../membership/member.js';
import type { SequenceRange } from '../wire/repair-packet.js';
import { MAX_REPLY_BYTES, MAX_REPLY_PARTS } from '../wire/request-codec.js';
import type { NodeContext } from './node-context.js';

/** So many parts go out unasked, all answers together: what is more is asked for by those who can take it. */
const UNASKED_TERMS = { perMs: 2, burst: 32 } as const;
/** What is asked for, of all members together: a fifth of a core. */
const ASKED_TERMS = { perMs: 20, burst: 512 } as const;
/** How long an answer that has ended is kept for those who miss parts of it. */
const KEPT_MS = 30_000;
/** What all answers may take; those that ended first go first. */
const KEPT_BYTES = 32 * 1024 * 1024;

interface Part {
  readonly bytes: Buffer;
  readonly continues: boolean;
  readonly isError: boolean;
}

interface Answer {
  readonly token: number;
  readonly parts: Part[];
  bytes: number;
}

/** What this node has answered, as long as somebody may miss parts of it. */
export class SaidReplies {
  readonly #context: NodeContext;
  readonly #answers = new Map<string, Answer>();
  /** Those that have ended, with when they are forgotten, in this order. */
  readonly #ended = new Map<string, Instant>();
  #bytes = 0;
  #unasked: TokenBucket | undefined;
  #asked: TokenBucket | undefined;

  constructor(context: NodeContext) {
    this.#context = context;
  }

  deadline(): Instant {
    for (const at of this.#ended.values()) return at;
    return NEVER;
  }

  handleTimeout(now: Instant): void {
    for (const [name, at] of this.#ended) {
      if (at > now) return;
      this.#forget(name);
    }
  }

  /** One value more of an answer. `false`: it has too many parts. */
  say(now: Instant, asker: NodeId, token: number, { value, isError }: { value: Buffer; isError: boolean }): boolean {
    const answer = this.#answerTo(asker, token);
    const first = answer.parts.length;
    const count = Math.max(1, Math.ceil(value.length / MAX_REPLY_BYTES));
    if (first + count >= MAX_REPLY_PARTS) return false;
    for (let index = 0; index < count; index++) {
      const bytes = value.subarray(index * MAX_REPLY_BYTES, (index + 1) * MAX_REPLY_BYTES);
      answer.parts.push({ bytes, continues: index < count - 1, isError });
    }
    answer.bytes += value.length;
    this.#bytes += value.length;
    this.#makeRoom();
    this.#unasked ??= new TokenBucket(now, UNASKED_TERMS);
    const member = this.#context.members.get(asker);
    for (let index = first; member !== undefined && index < first + count; index++) {
      if (!this.#unasked.take(now, 1)) break;
      this.#send(member, answer, index);
    }
    return true;
  }

  /** How many parts the answer has. */
  count(asker: NodeId, token: number): number {
    return this.#answers.get(nameOf(asker, token))?.parts.length ?? 0;
  }

  /** There will be no more of it. */
  end(now: Instant, asker: NodeId, token: number): void {
    const name = nameOf(asker, token);
    if (this.#answers.has(name)) this.#ended.set(name, now + KEPT_MS);
  }

  repeat(now: Instant, member: Member, token: number, ranges: readonly SequenceRange[]): void {
    const answer = this.#answers.get(nameOf(member.id, token));
    if (answer === undefined) return;
    this.#asked ??= new TokenBucket(now, ASKED_TERMS);
    for (const { from, count } of ranges) {
      for (let index = from; index < Math.min(from + count, answer.parts.length); index++) {
        if (!this.#asked.take(now, 1)) return this.#context.counters.drop('repair-budget');
        this.#send(member, answer, index);
      }
    }
  }

  drop(asker: NodeId, token: number): void {
    this.#forget(nameOf(asker, token));
  }

  #answerTo(asker: NodeId, token: number): Answer {
    const name = nameOf(asker, token);
    const known = this.#answers.get(name);
    if (known !== undefined) return known;
    const answer: Answer = { token, parts: [], bytes: 0 };
    this.#answers.set(name, answer);
    return answer;
  }

  #send(member: Member, { token, parts }: Answer, index: number): void {
    const frame = this.#context.frameTo(member);
    this.#context.outbox.toOne({ kind: 'reply', ...frame, token, index, ...parts[index]! }, member.endpoint);
  }

  #makeRoom(): void {
    for (const name of this.#ended.keys()) {
      if (this.#bytes <= KEPT_BYTES) return;
      this.#forget(name);
    }
  }

  #forget(name: string): void {
    this.#bytes -= this.#answers.get(name)?.bytes ?? 0;
    this.#answers.delete(name);
    this.#ended.delete(name);
  }
}

function nameOf(asker: NodeId, token: number): string {
  return `${asker}${token}`;
}
