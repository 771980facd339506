import type { Endpoint } from '../primitives/endpoint.js';
import type { Instant } from '../primitives/instant.js';
import { NO_NONCE, type Nonce, randomNonce } from '../primitives/nonce.js';
import type { Member } from '../membership/member.js';
import { encodeHello } from '../wire/hello-codec.js';
import { type HelloPacket, MAX_DATAGRAM_BYTES, SEAL_EXTRA_BYTES } from '../wire/packet.js';
import type { NodeContext } from './node-context.js';
import type { SealingMode } from './sealing.js';

export interface Addressee {
  readonly endpoint: Endpoint;
  readonly nonce: Nonce;
  readonly echo: Nonce;
  readonly verified: boolean;
  readonly hearsGroup: boolean;
}

const TO_NOBODY: Addressee = {
  endpoint: '0.0.0.0:0',
  nonce: NO_NONCE,
  echo: NO_NONCE,
  verified: false,
  hearsGroup: false,
};

/** Puts greetings together: what this node says of itself, and what it says to one address. */
export class HelloSender {
  /** What one takes on the wire, in bytes. All greetings of one node are of one length. */
  readonly length: number;
  readonly #context: NodeContext;

  constructor(context: NodeContext) {
    this.#context = context;
    const plain = encodeHello(Buffer.alloc(MAX_DATAGRAM_BYTES), this.#hello('hello', TO_NOBODY));
    this.length = bytesOnWire(plain, context.config.sealing?.mode);
  }

  /** Everyone hears the nonce in it, so an echo of that proves nothing. */
  toGroup(): void {
    const nonce = randomNonce(this.#context.config.random);
    this.#context.outbox.toGroup({ ...this.#hello('hello', { ...TO_NOBODY, nonce }), toGroup: true });
  }

  send(kind: 'hello' | 'hello-ack', to: Addressee): void {
    this.#context.outbox.toOne(this.#hello(kind, to), to.endpoint);
  }

  /** Tells a member that its nonce has come back. */
  acknowledge(now: Instant, member: Member, echo: Nonce, endpoint: Endpoint): void {
    const hearsGroup = member.isHeardByGroup(now);
    this.send('hello-ack', { endpoint, nonce: member.ourNonce, echo, verified: true, hearsGroup });
  }

  #hello(kind: 'hello' | 'hello-ack', to: Addressee): HelloPacket {
    const { config, clusterTag, highest, floor, members, advertised } = this.#context;
    return {
      kind,
      sender: config.id,
      clusterTag,
      nonce: to.nonce,
      echo: to.echo,
      verified: to.verified,
      hearsGroup: to.hearsGroup,
      toGroup: false,
      client: config.client,
      heartbeatMs: config.heartbeatMs,
      highest,
      floor,
      members: members.digest(),
      advertised,
      zone: config.zone,
      cluster: config.cluster,
    };
  }
}

function bytesOnWire(plain: number, mode: SealingMode | undefined): number {
  if (mode === 'strict') return plain + SEAL_EXTRA_BYTES;
  return mode === 'send-both' ? 2 * plain + SEAL_EXTRA_BYTES : plain;
}
