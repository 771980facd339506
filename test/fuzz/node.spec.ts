import { describe, expect, it } from '@jest/globals';
import { FuzzedNode, FUZZ_LIMITS } from './fuzzed-node.js';
import { FUZZ_SEED, FUZZ_TIMEOUT_MS, NODE_DATAGRAMS } from './fuzz-terms.js';

/** Of one conversation: members die in time, and nonces with them. */
const OF_ONE = 10_000;
const MODES = ['strict', 'none', 'send-both', 'accept-plain'] as const;
/** Datagrams that one may make a node send at once, and what it may tell: a page of peers to greet, a NACK of 128. */
const MOST_DOINGS = 400;

describe('MeshNode', () => {
  it(
    `survives ${NODE_DATAGRAMS} mutated datagrams of conversations, sealed and plain`,
    () => {
      const dropped = new Map<string, number>();
      let delivered = 0;
      for (let index = 0; index < NODE_DATAGRAMS; index += OF_ONE) {
        const seed = FUZZ_SEED + index;
        // From the seed, so that it alone brings a failure back.
        const mode = MODES[Math.floor(seed / OF_ONE) % MODES.length]!;
        const fuzzed = new FuzzedNode(seed, mode);
        let last: Buffer = Buffer.alloc(0);
        try {
          for (let fed = 0; fed < OF_ONE; fed++) {
            const { bytes, doings } = fuzzed.feed();
            last = bytes;
            if (doings.sent > MOST_DOINGS || doings.events > MOST_DOINGS) {
              throw new Error(`it does too much: ${doings.sent} datagrams, ${doings.events} events`);
            }
          }
          fuzzed.rest(60_000);
        } catch (error) {
          throw new Error(`${String(error)}: ${mode}, FUZZ_SEED=${seed}, ${last.toString('hex')}`, { cause: error });
        }
        const { members, unverified, counters, dropped: reasons } = fuzzed.node.stats();
        expect(members).toBeLessThanOrEqual(FUZZ_LIMITS.peers);
        expect(unverified).toBeLessThanOrEqual(FUZZ_LIMITS.unverifiedPeers + 2);
        expect(fuzzed.unreadable()).toBeLessThanOrEqual(64);
        delivered += counters.delivered;
        for (const [reason, count] of Object.entries(reasons)) dropped.set(reason, (dropped.get(reason) ?? 0) + count);
      }
      // It came to where the work is done, and not only to the gate.
      expect([...dropped.keys()].sort()).toEqual(
        expect.arrayContaining([
          ...['plain', 'forged', 'replayed', 'downgrade', 'wrong-nonce', 'unverified'],
          ...['malformed', 'too-short', 'unknown-type', 'other-cluster', 'beyond-window'],
          'assembly-timeout',
        ]),
      );
      expect(delivered).toBeGreaterThan(0);
    },
    FUZZ_TIMEOUT_MS,
  );
});
