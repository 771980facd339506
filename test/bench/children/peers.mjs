// The others of a mesh, all in one process: they only have to be there.
import { MeshBus } from 'nestjs-mesh/bus';
import { answerCalls } from '../../support/answer-calls.mjs';
import { meshOptions } from './mesh-options.mjs';

const { port, count } = JSON.parse(process.argv[2]);
const buses = Array.from({ length: count }, () => new MeshBus(meshOptions(port)));

answerCalls({
  async start() {
    await Promise.all(buses.map((bus) => bus.start()));
    await Promise.all(buses.map((bus) => bus.waitForPeers(count - 1, { timeout: 15_000 })));
  },
});
