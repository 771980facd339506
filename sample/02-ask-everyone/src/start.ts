import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Instance } from './instance.js';
import { Story } from './story.js';

const WORKSPACE = 'npm start --workspace sample/02-ask-everyone';
const USAGE = `${WORKSPACE}             the story, then three instances to ask until Ctrl-C
${WORKSPACE} -- --once   the story alone; the exit code tells whether every step succeeded`;
/** As a shell has it for a program that Ctrl-C ended. */
const INTERRUPTED = 130;

/** A UDP port that nobody had a moment ago, so that this mesh meets nobody who happens to be there. */
async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

/** All that is running. One that was killed is replaced at the end. */
class Fleet {
  readonly #env: NodeJS.ProcessEnv;
  readonly instances: [Instance, Instance, Instance];

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
    this.instances = [new Instance('A', env), new Instance('B', env), new Instance('C', env)];
  }

  /** Rejects where one ends that must not. */
  async tell(): Promise<void> {
    const [a, b, c] = this.instances;
    const unless = async ({ name, ended }: Instance): Promise<never> => {
      throw new Error(`instance ${name} ended ${await ended}`);
    };
    await Promise.race([Promise.all([a.up(), b.up(), c.up()]), ...this.instances.map(unless)]);
    // C ends as the story wants it.
    await Promise.race([new Story(this.instances).tell(), unless(a), unless(b)]);
  }

  async stayUp(): Promise<void> {
    const replacement = new Instance('C', this.#env);
    this.instances[2] = replacement;
    await replacement.up();
    const [{ url: a }, { url: b }, { url: c, pid }] = this.instances;
    console.log(`All three are up, C anew. In another terminal:

   curl ${a}/stats          # the caches of all three
   curl ${b}/products/1     # B holds it now
   curl -i -X PUT ${a}/products/1 -H 'content-type: application/json' -d '{"price":99}'
   curl ${b}/products/1     # the new price, in any case
   kill -STOP ${String(pid)}              # C stands still: do the first and the third again
   kill -CONT ${String(pid)}
   curl ${c}/products/1     # C has heard of it

Ctrl-C ends everything.`);
  }

  async stop(): Promise<void> {
    await Promise.all(this.instances.map((instance) => instance.stop()));
  }
}

async function run(once: boolean): Promise<number> {
  const interrupted = new Promise<number>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve(INTERRUPTED));
  });
  const folder = await mkdtemp(join(tmpdir(), 'nestjs-mesh-02-ask-everyone-'));
  const fleet = new Fleet({ MESH_PORT: String(await freePort()), STORE_DIR: folder });
  try {
    const code = await Promise.race([fleet.tell().then(() => 0), interrupted]);
    if (code !== 0) return code;
    console.log('Every step came out as it must.\n');
    if (!once) await Promise.race([fleet.stayUp().then(() => interrupted), interrupted]);
    return 0;
  } catch (error) {
    console.log(`Failed: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  } finally {
    await fleet.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const [option, ...others] = process.argv.slice(2);
const isHelp = option === '--help' || option === '-h';
if (others.length > 0 || isHelp || (option !== undefined && option !== '--once')) {
  console.log(USAGE);
  process.exitCode = isHelp ? 0 : 2;
} else process.exitCode = await run(option === '--once');
