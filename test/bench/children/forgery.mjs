// What it costs a node to refuse a sealed datagram that nobody with the secret has made.
import { randomFillSync } from 'node:crypto';
import { answerCalls } from '../../support/answer-calls.mjs';
import { cpuPerCall } from './timing.mjs';

const load = (path) => import(`../../../dist/esm/${path}.js`);
const { MeshNode } = await load('core/mesh-node');
const { SealWriter } = await load('core/seal-writer');
const { Secret } = await load('primitives/secret');
const { Keyring } = await load('security/keyring');
const { Opener } = await load('security/opener');
const { Sealer } = await load('security/sealer');
const { simulatedConfig, randomNodeId } = await load('simulation/simulated-config');
const { SeededRandom } = await load('primitives/seeded-random');

const BYTES = 300;
const MEMBER_AT = '10.0.0.2:7946';
/** So many a second are within the budget for strangers. */
const STRANGERS_PER_MS = 1;

const random = new SeededRandom(1);
const keys = new Map([['only', new Secret('a secret of the bench, and of nobody else')]]);
const keyring = new Keyring({ primary: 'only', keys });
const config = simulatedConfig(random, false);
const opener = new Opener('default', keyring, { senders: 100 });
const sealing = { mode: 'strict', sealer: new Sealer(config.id, 'default', keyring), opener };
const node = new MeshNode({ ...config, sealing });
const into = Buffer.alloc(1200);
const drain = () => {
  while (node.pollTransmit(now, 0, into) !== undefined);
  while (node.pollEvent() !== undefined);
};
let now = 1000;
node.join(now);
drain();

const member = randomNodeId(random);
const honest = Buffer.alloc(1200);
honest.set([0x57, 0x7f]);
const sealer = new SealWriter(member, 0x933b5bde, new Sealer(member, 'default', keyring));
const length = sealer.seal(honest, BYTES, honest);
node.handleDatagram(now, { from: MEMBER_AT, viaGroup: false }, honest.subarray(0, length));
if (!opener.knows(member)) throw new Error('the member is not known');

/** Forged ones differ in all that an attacker can choose, and have the right key id and tag of the cluster. */
const forged = Array.from({ length: 1000 }, () => {
  const bytes = Buffer.from(honest.subarray(0, BYTES));
  randomFillSync(bytes, 27);
  return bytes;
});

/** A sender that nobody has heard of. `randomFillSync` takes 3 µs, which are not the node's. */
function makeUp(bytes) {
  for (let offset = 2; offset < 18; offset += 4) bytes.writeUInt32BE(random.u32(), offset);
}

function refuse(index, perMs, isMember) {
  const bytes = forged[index % forged.length];
  if (!isMember) makeUp(bytes);
  if (perMs > 0) now += 1 / perMs;
  node.handleDatagram(
    now,
    { from: isMember ? MEMBER_AT : `10.1.${index & 255}.${(index >> 8) & 255}:9`, viaGroup: false },
    bytes,
  );
  drain();
}

function refused() {
  const { dropped } = node.stats();
  return [dropped.forged ?? 0, dropped['opening-budget'] ?? 0];
}

answerCalls({
  time(count) {
    const before = refused();
    const stranger = cpuPerCall(count, (index) => refuse(index, STRANGERS_PER_MS, false));
    const opened = refused();
    const flood = cpuPerCall(10 * count, (index) => refuse(index, 0, false));
    const flooded = refused();
    honest.copy(forged[0], 0, 0, 18);
    for (const bytes of forged) honest.copy(bytes, 2, 2, 18);
    const inName = cpuPerCall(count, (index) => refuse(index, 0, true));
    const last = refused();
    if (opened[0] - before[0] !== count || opened[1] !== before[1]) throw new Error('strangers were not tried');
    if (flooded[1] === opened[1]) throw new Error('the flood was within the budget');
    if (last[0] - flooded[0] !== count) throw new Error('forgeries in the name of the member were not tried');
    now += 10_000;
    return { stranger, flood, member: inName };
  },
});
