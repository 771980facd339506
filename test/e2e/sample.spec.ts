import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { MeshSnapshot } from 'nestjs-mesh/bus';
import { randomPort } from '../support/random-port.js';
import { ContainerNetwork, whyNoContainers } from './support/container-network.js';
import { eventually, Program, ROOT } from './support/program.js';
import { buildSample, SAMPLE } from './support/sample.js';

const SABOTAGE = pathToFileURL(join(ROOT, 'test/e2e/children/sabotage.mjs')).href;

/** One for each instance: stories that run side by side must not look for theirs in the same place. */
const PORTS = 3;

const programs: Program[] = [];

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
  const program = new Program(command, args, env);
  programs.push(program);
  return program;
}

function story(args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
  return run(process.execPath, [join(SAMPLE, 'dist/start.js'), '--port', String(randomPort(PORTS)), ...args], env);
}

beforeAll(() => buildSample(), 60_000);

afterEach(() => Promise.all(programs.splice(0).map((program) => program.stop())));

async function get<T>(url: string): Promise<T> {
  const response = await fetch(url);
  return (await response.json()) as T;
}

describe('the story of sample/01-invalidation', () => {
  it('ends with 0 when every step came out as it must', async () => {
    const program = story(['--once']);
    expect(await program.ended).toBe(0);
    expect(program.output).toContain('Every step came out as it must.');
    expect(program.output).toMatch(/400 of 400 .* 0\n/);
    // eslint-disable-next-line no-control-regex -- colours are for terminals
    expect(program.output).not.toMatch(/\u001b/);
  }, 60_000);

  it('ends with 1 and the reason when an instance goes wrong', async () => {
    const reasons = {
      astray: /Failed: . does not see 2 peers within/,
      deaf: /Failed: C does not evict product:1 within/,
      dying: /Failed: instance C ended with code 7/,
    };
    const runs = Object.entries(reasons).map(async ([kind, reason]) => {
      const program = story(['--once'], { NODE_OPTIONS: `--import ${SABOTAGE}`, SABOTAGE: kind });
      expect(await program.ended).toBe(1);
      expect(program.output).toMatch(reason);
      expect(program.output).not.toContain('Every step came out as it must.');
    });
    await Promise.all(runs);
  }, 60_000);

  it('ends with 1 and the reason when an interface is missing', async () => {
    const program = story(['--once'], { MESH_INTERFACE: 'nowhere0' });
    expect(await program.ended).toBe(1);
    expect(program.output).toMatch(/Failed: instance . ended with code 1/);
    expect(program.output).toMatch(/there is no 'nowhere0'/);
  }, 60_000);

  it('refuses what it does not understand, and says what there is', async () => {
    const program = story(['--twice']);
    expect(await program.ended).toBe(2);
    expect(program.output).toContain('npm start -- --once');
  }, 60_000);

  it.each(['--help', '-h'])(
    'tells what there is on %s, and ends with 0',
    async (option) => {
      const program = story([option]);
      expect(await program.ended).toBe(0);
      expect(program.output).toContain('npm start -- --once');
      expect(program.output).not.toContain('Three processes');
    },
    60_000,
  );

  it('stays up, tells of an instance that is killed, lets it come back, and ends with 0 on Ctrl-C', async () => {
    const program = run('npm', [
      'start',
      '--workspace',
      'sample/01-invalidation',
      '--',
      '--port',
      String(randomPort(PORTS)),
    ]);
    await program.saying(/Ctrl-C ends everything/, 60_000);
    const [, a = ''] = await program.saying(/curl (http\S+)\/cache/);
    const [, pid] = await program.saying(/kill -9 (\d+)/);
    const [, port = '', store = '', http = ''] = await program.saying(
      /MESH_PORT=(\d+) STORE_DIR=(\S+) npm start .* -- instance --port (\d+)/,
    );
    const peers = async (): Promise<readonly string[]> => {
      const mesh = await get<MeshSnapshot>(`${a}/mesh`);
      return mesh.peers.filter(({ state }) => state === 'alive').map(({ id }) => id);
    };
    const before = await peers();
    process.kill(Number(pid), 'SIGKILL');
    await program.saying(/C ended by SIGKILL/);
    const again = story(['instance', '--port', http], { MESH_PORT: port, STORE_DIR: store });
    await again.saying(/Listening on http/);
    await eventually(peers, (ids) => ids.some((id) => !before.includes(id)), 15_000);
    program.signal('SIGINT');
    expect(await program.ended).toBe(0);
    expect(existsSync(store)).toBe(false);
  }, 90_000);
});

describe('the spec of sample/01-invalidation', () => {
  it('passes', async () => {
    const program = run('npm', ['test', '--workspace', 'sample/01-invalidation']);
    expect(await program.ended).toBe(0);
    expect(program.output).toMatch(/pass 5\b/);
  }, 60_000);
});

describe('the three terminals of README.md', () => {
  let store: string;
  beforeAll(async () => {
    store = await mkdtemp(join(tmpdir(), 'nestjs-mesh-readme-'));
  });
  afterAll(() => rm(store, { recursive: true, force: true }));

  /** The commands of the section, on ports that nobody has. */
  function commands(shift: number): readonly string[] {
    const [, section = ''] = readFileSync(join(ROOT, 'README.md'), 'utf8').split('\n### Three terminals\n');
    const [body = ''] = section.split('\n## ');
    const blocks = [...body.matchAll(/```sh\n([^`]*)```/g)].flatMap(([, block = '']) => block.trim().split('\n'));
    return blocks.map((line) => line.replace(/\b300[1-3]\b/g, (port) => String(Number(port) + shift)));
  }

  it('do what it says', async () => {
    const shift = randomPort();
    const env = { MESH_PORT: String(randomPort()), STORE_DIR: store };
    const lines = commands(shift);
    const terminals = lines.filter((line) => line.startsWith('npm start'));
    const curls = lines.filter((line) => line.startsWith('curl'));
    expect([terminals.length, curls.length]).toEqual([3, 5]);
    const shell = (line: string): Program => run('sh', ['-c', line], env);
    const answer = async (line: string): Promise<string> => {
      const curl = shell(line.replace('curl', 'curl --silent --show-error'));
      expect(await curl.ended).toBe(0);
      return curl.output;
    };
    const started = terminals.map(shell);
    await Promise.all(started.map((program) => program.saying(/Listening on http/, 60_000)));
    const [first = '', second = '', write = '', again = '', look = ''] = curls;
    const [url = ''] = /http\S+/.exec(look) ?? [];
    const peers = async (): Promise<number> => (await get<MeshSnapshot>(url)).peers.length;
    await eventually(peers, (count) => count === 2, 15_000);

    expect(await answer(first)).toContain('"from":"store"');
    expect(await answer(first)).toContain('"from":"cache"');
    expect(await answer(second)).toContain('"price":25');
    expect(await answer(write)).toContain('"price":99');
    await started[0]?.saying(/product:1 evicted/);
    expect(await answer(again)).toMatch(/"price":99.*"from":"store"/);

    started[1]?.signal('SIGKILL');
    await eventually(peers, (count) => count === 1, 15_000);
    shell(terminals[1] ?? '');
    await eventually(peers, (count) => count === 2, 30_000);
    expect(await answer(look)).toContain('"status":"ready"');
    started[2]?.signal('SIGINT');
    // By its goodbye, and not by the 5 s of silence after which it would be given up.
    await eventually(peers, (count) => count === 1, 4000);
  }, 120_000);
});

const obstacle = whyNoContainers();
if (obstacle !== undefined) console.warn(`SKIPPED: the sample on two hosts. ${obstacle}`);

(obstacle === undefined ? describe : describe.skip)('the sample on two hosts', () => {
  let network: ContainerNetwork;
  let store: string;
  beforeAll(async () => {
    network = new ContainerNetwork(2);
    store = await mkdtemp(join(tmpdir(), 'nestjs-mesh-hosts-'));
  });
  afterAll(async () => {
    network.close();
    await rm(store, { recursive: true, force: true });
  });

  const inHost = (index: number, ...command: readonly string[]): Program =>
    run('ip', ['netns', 'exec', network.hosts[index]!.name, ...command], { MESH_INTERFACE: 'eth0', STORE_DIR: store });

  it('evicts over their network', async () => {
    const instance = [process.execPath, join(SAMPLE, 'dist/start.js'), 'instance'];
    const [first, second] = [inHost(0, ...instance), inHost(1, ...instance)];
    for (const program of [first, second]) {
      await program.saying(/mesh "sample" 172\.30\.0\.\d:7946 · multicast eth0 · /);
      await program.saying(/Listening on http/);
    }
    const url = 'http://127.0.0.1:3001/products/1';
    const json = ['-H', 'content-type: application/json', '-d', '{"name":"Teapot","price":99}'];
    await inHost(1, 'curl', '--silent', url).saying(/"from":"store"/);
    await inHost(0, 'curl', '--silent', '-X', 'PUT', ...json, url).saying(/"writtenAt"/);
    await second.saying(/product:1 evicted/);
    await inHost(1, 'curl', '--silent', url).saying(/"price":99.*"from":"store"/);
  }, 60_000);
});
