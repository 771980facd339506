import { type ChildProcess, fork } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { Buses } from '../support/buses.js';
import { Inbox } from '../support/inbox.js';
import { randomPort } from '../support/random-port.js';
import { type Snippet, snippetsIn } from '../unit/docs/support/documents.js';
import { fileNameOf } from '../unit/docs/support/snippet-compiler.js';
import { Program, ROOT } from './support/program.js';

const COMPILER: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
};

type Report =
  | { readonly kind: 'up'; readonly url: string }
  | { readonly kind: 'filled' | 'evicted'; readonly key: string; readonly held?: boolean };

let folder: string;
let port: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nestjs-mesh-documents-'));
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(() => {
  port = randomPort();
});

/** The only change to what a reader sees: these tests stay on loopback, and on a port of their own. */
function onLoopback(text: string): string {
  return text.replaceAll("{ cluster: 'shop' }", `{ cluster: 'shop', interface: 'lo', port: ${port} }`);
}

/** Compiles snippets into a folder of their own and returns it. */
async function compile(name: string, snippets: readonly Snippet[]): Promise<string> {
  const place = join(folder, name);
  await mkdir(place);
  for (const snippet of snippets) {
    const { outputText } = ts.transpileModule(onLoopback(snippet.text), { compilerOptions: COMPILER });
    await writeFile(join(place, (fileNameOf(snippet) ?? 'snippet.ts').replace('.ts', '.js')), outputText);
  }
  return place;
}

class Application {
  readonly reports = new Inbox<Report>();
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(place: string) {
    const script = join(ROOT, 'test/e2e/children/readme-app.mjs');
    this.#child = fork(script, [place], {
      env: { ...process.env, PORT: '0' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child.on('message', (message) => this.reports.add(message as Report));
    this.#ended = new Promise((resolve) => this.#child.once('exit', resolve));
  }

  async fill(key: string): Promise<void> {
    this.#child.send({ fill: key });
    await this.reports.find((report) => report.kind === 'filled' && report.key === key);
  }

  async evicted(key: string): Promise<boolean | undefined> {
    const report = await this.reports.find((one) => one.kind === 'evicted' && one.key === key);
    return report.kind === 'evicted' ? report.held : undefined;
  }

  async url(): Promise<string> {
    const report = await this.reports.find(({ kind }) => kind === 'up', 20_000);
    return report.kind === 'up' ? report.url.replace('[::1]', '127.0.0.1') : '';
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#ended;
  }
}

describe('the first example of README.md', () => {
  const buses = new Buses();
  const applications: Application[] = [];
  afterEach(async () => {
    await Promise.all(applications.splice(0).map((application) => application.stop()));
    await buses.close();
  });

  it('evicts from both instances when one of them writes', async () => {
    const place = await compile(
      'readme',
      snippetsIn('README.md').filter((snippet) => fileNameOf(snippet) !== undefined),
    );
    const pair = [new Application(place), new Application(place)];
    applications.push(...pair);
    const [url] = await Promise.all(pair.map((application) => application.url()));
    const observer = await buses.start({ cluster: 'shop', port });
    await observer.waitForPeers(2);
    const heard = new Inbox<string>();
    observer.subscribe('*', ({ key }) => heard.add(key));
    await Promise.all(pair.map((application) => application.fill('product:7')));
    const read = async (): Promise<unknown> => (await fetch(`${url ?? ''}/products/8`)).json();
    const first = await read();
    expect(await read()).toEqual(first);

    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${url ?? ''}/products/7`, { method: 'PUT', headers, body: '{"name":"Teapot"}' });
    expect(await answer.json()).toEqual({ name: 'Teapot' });
    expect(await Promise.all(pair.map((application) => application.evicted('product:7')))).toEqual([true, true]);
    expect(await heard.atLeast(1)).toEqual(['product:7']);
    await fetch(`${url ?? ''}/products/8`, { method: 'PUT', headers, body: '{}' });
    expect(await Promise.all(pair.map((application) => application.evicted('product:8')))).toEqual([true, false]);
    expect(await read()).not.toEqual(first);
  }, 60_000);
});

const programs: Program[] = [];
afterEach(() => Promise.all(programs.splice(0).map((program) => program.stop())));

/** Runs the one snippet of a document that has the mark in it. */
async function runSnippet(document: string, name: string, mark: string): Promise<Program> {
  const snippets = snippetsIn(document).filter(({ language, text }) => language === 'ts' && text.includes(mark));
  expect(snippets).toHaveLength(1);
  const program = new Program(process.execPath, [join(await compile(name, snippets), 'snippet.js')]);
  programs.push(program);
  return program;
}

describe('the examples of docs/testing.md', () => {
  it('of a mesh in memory runs, finds what it claims, and ends by itself', async () => {
    const program = await runSnippet('docs/testing.md', 'memory', 'mesh.resync({');
    expect(await program.ended).toBe(0);
  }, 30_000);

  it('of a module for tests runs, and ends by itself', async () => {
    const program = await runSnippet('docs/testing.md', 'testing-module', 'MeshTestingModule.forRoot({ mesh');
    expect(await program.ended).toBe(0);
  }, 30_000);
});

describe('the examples of docs/api.md', () => {
  it('of a bus without Nest runs, and ends by itself', async () => {
    const program = await runSnippet('docs/api.md', 'bus', "await bus.publish('user:42');\nawait bus.close()");
    expect(await program.ended).toBe(0);
  }, 30_000);

  it('of a mesh in memory runs, says what is heard, and ends by itself', async () => {
    const program = await runSnippet('docs/api.md', 'in-memory', 'mesh.lose(1);');
    await program.saying(/^user:42$/m);
    expect(await program.ended).toBe(0);
  }, 30_000);

  it('of a fence runs, and says what its comments say', async () => {
    const program = await runSnippet('docs/api.md', 'fence', 'bus.fence(key); // before the load begins');
    await program.saying(/Teapot false/);
    await program.saying(/Kettle true/);
    expect(await program.ended).toBe(0);
  }, 30_000);

  it('of a serializer runs, and carries more than JSON would', async () => {
    const program = await runSnippet('docs/api.md', 'serializer', 'class CompressedJson');
    await program.saying(/^400 products$/m);
    expect(await program.ended).toBe(0);
  }, 30_000);

  it('of a rotation runs, and opens nothing', async () => {
    const program = await runSnippet('docs/security.md', 'rotation', 'bus.setKeyring({');
    expect(await program.ended).toBe(0);
  }, 30_000);

  it('of a hybrid application written out is in the mesh', async () => {
    const program = await runSnippet('docs/api.md', 'hybrid', 'app.connectMicroservice');
    await program.saying(/mesh "shop" 127\.0\.0\.1:\d+ · multicast lo · 0 peers · unsealed/);
  }, 30_000);

  it('of a stand-alone microservice is in the mesh', async () => {
    const program = await runSnippet('docs/api.md', 'standalone', 'createMicroservice');
    await program.saying(/mesh "shop" 127\.0\.0\.1:\d+ · multicast lo · 0 peers · unsealed/);
  }, 30_000);
});
