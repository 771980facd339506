import type { MeshBus } from 'nestjs-mesh/bus';
import type { Attacker } from './attacker.js';
import { until } from './attacker.js';
import { open, seal } from './seal.js';
import { type Address, addressOf, hello, HelloFlag, idBytes, randomId, readHello, Type } from './wire.js';

/** One who has completed the handshake with a node: anybody in a plain mesh, a holder of the secret in a sealed one. */
export class Insider {
  readonly id: Buffer;
  /** What is said to it, opened. */
  readonly heard: Buffer[] = [];
  readonly #attacker: Attacker;
  readonly #secret: string | undefined;
  readonly #nonces = new Map<string, bigint>();
  readonly #ourNonce = 0x0102_0304_0506_0708n;
  #counter = 0;

  constructor(attacker: Attacker, secret?: string, id = randomId()) {
    this.#attacker = attacker;
    this.#secret = secret;
    this.id = id;
    attacker.onCapture(({ bytes, from }) => this.#hear(bytes, from));
  }

  /** Becomes a member of the bus's mesh. */
  async join(bus: MeshBus): Promise<void> {
    const to = addressOf(bus.address);
    this.#attacker.send(this.dress(hello(this.id, { nonce: this.#ourNonce })), to);
    const isMember = (): boolean => bus.peers().some(({ id }) => idBytes(id).equals(this.id));
    await until(() => isMember() && this.#nonces.has(key(to)), 'the insider is a member');
  }

  /** The nonce that the bus wants to see in frames. */
  nonceOf(bus: MeshBus): bigint {
    return this.#nonces.get(key(addressOf(bus.address))) ?? 0n;
  }

  /** As it goes over the wire here. */
  dress(plain: Buffer): Buffer {
    return this.#secret === undefined ? plain : seal(plain, { secret: this.#secret, counter: ++this.#counter });
  }

  strike(bus: MeshBus, plain: readonly Buffer[]): Promise<void> {
    return this.#attacker.strike(
      bus,
      plain.map((bytes) => this.dress(bytes)),
    );
  }

  #hear(bytes: Buffer, from: Address): void {
    const plain = bytes[1] === Type.sealed ? open(bytes, this.#secret) : bytes;
    if (plain === undefined) return;
    this.heard.push(plain);
    if (plain[1] !== Type.hello && plain[1] !== Type.helloAck) return;
    const { nonce, flags } = readHello(plain);
    if ((flags & HelloFlag.toGroup) !== 0) return;
    this.#nonces.set(key(from), nonce);
    if (plain[1] === Type.helloAck && (flags & HelloFlag.verified) !== 0) return;
    const answer = { ack: true, nonce: this.#ourNonce, echo: nonce, flags: HelloFlag.verified };
    this.#attacker.send(this.dress(hello(this.id, answer)), from);
  }
}

function key({ host, port }: Address): string {
  return `${host}:${port}`;
}
