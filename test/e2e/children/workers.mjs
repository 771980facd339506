// Workers of node:cluster, each a node; what they say goes on to who started this, with the number of the worker.
import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';

const count = Number(process.argv[3]);
cluster.setupPrimary({ exec: fileURLToPath(new URL('./host.mjs', import.meta.url)), args: [process.argv[2]] });
const workers = Array.from({ length: count }, () => cluster.fork());
workers.forEach((worker, index) => worker.on('message', (message) => process.send({ ...message, worker: index })));
process.on('message', ({ worker, ...message }) => workers[worker].send(message));
cluster.on('exit', () => {
  if (Object.keys(cluster.workers).length === 0) process.disconnect();
});
