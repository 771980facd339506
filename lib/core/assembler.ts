import type { Instant } from '../primitives/instant.js';
import { bucketOf } from '../primitives/bucket-set.js';
import type { Assembly, AssemblyTerms, KeyPacket } from '../reliability/assembly.js';
import { fragmentCount } from '../wire/fragment-codec.js';
import type { FragmentPacket } from '../wire/fragment-packet.js';
import type { FragmentedContent } from '../wire/key-attachment.js';
import type { BucketsPacket, MatchingPacket, SequencedPacket } from '../wire/packet.js';
import type { NodeContext } from './node-context.js';

/** What can be handed up. */
export type WholePacket = KeyPacket | MatchingPacket | BucketsPacket;

/** Puts together what came in fragments. */
export class Assembler {
  readonly #context: NodeContext;

  constructor(context: NodeContext) {
    this.#context = context;
  }

  /** What is whole with this datagram: mostly itself; `undefined` where more is to come. */
  take(now: Instant, packet: SequencedPacket): WholePacket | undefined {
    switch (packet.kind) {
      case 'fragment':
        return this.#takeFragment(now, packet);
      case 'batch':
      case 'request': {
        // No attachments is what most have.
        const content = packet.attachments?.get(0)?.content;
        return content === undefined ? packet : this.#takeKey(now, packet, content);
      }
      default:
        return packet;
    }
  }

  #takeFragment(now: Instant, packet: FragmentPacket): WholePacket | undefined {
    const { sender: origin, bucket, totalBytes, index, trailer } = packet;
    const end = trailer.sequence - index + fragmentCount(totalBytes);
    const assembly = this.#touch(now, { origin, end, bucket, totalBytes });
    assembly?.add(packet);
    return assembly && this.#review(assembly);
  }

  #takeKey(now: Instant, packet: KeyPacket, { totalBytes }: FragmentedContent): WholePacket | undefined {
    const { sender: origin, keys, trailer } = packet;
    const bucket = packet.kind === 'batch' ? bucketOf(keys[0]!) : undefined;
    const assembly = this.#touch(now, { origin, end: trailer.sequence, bucket, totalBytes });
    if (assembly === undefined) return undefined;
    assembly.key = packet;
    return this.#review(assembly);
  }

  #touch(now: Instant, terms: AssemblyTerms): Assembly | undefined {
    const assembly = this.#context.assemblies.touch(now, terms);
    // Nobody knows which of the two is true. The other one has been told of.
    if (assembly === undefined) this.#context.raiseBucket('gap', terms.origin, terms.bucket);
    return assembly;
  }

  #review(assembly: Assembly): WholePacket | undefined {
    const { assemblies, streams } = this.#context;
    if (assembly.isWhole) {
      assemblies.remove(assembly);
      return assembly.take();
    }
    if (assembly.key === undefined || assembly.isCovered) return undefined;
    const { window } = streams.get(assembly.origin)!;
    // What lies before all that this node is to hear of the origin was not missed, and does not come.
    const isAwaited = window.lost !== undefined || window.missing(assembly.first, assembly.end, 1).length > 0;
    if (!isAwaited) assemblies.drop(assembly, 'assembly-join');
    return undefined;
  }
}
