// A mesh node in a process of its own that tells on request how much memory it uses when nothing is left to collect.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MeshBus } from 'nestjs-mesh/bus';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

const bus = new MeshBus({ logger: false, ...JSON.parse(process.argv[2]) });
const keys = [];
bus.subscribe('*', ({ key }) => keys.push(key));

function bytesInUse() {
  for (let round = 0; round < 3; round++) collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const answers = {
  snapshot: () => bus.snapshot(),
  memory: () => bytesInUse(),
  keys: () => keys,
  publish: (key) => bus.publish(key),
};

process.on('message', async ({ id, ask, argument }) => {
  process.send({ id, answer: (await answers[ask](argument)) ?? null });
});
process.on('disconnect', () => process.exit());

await bus.start();
process.send({ id: 0, answer: bus.snapshot() });
