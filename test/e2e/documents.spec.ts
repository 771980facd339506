import { type ChildProcess, fork } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
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
  readonly #reports = new Inbox<{ readonly url: string }>();
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  /** @param controller of the document, where it is not that of its AppModule */
  constructor(place: string, controller?: string) {
    const script = join(ROOT, 'test/e2e/children/readme-app.mjs');
    const mesh = { cluster: 'shop', interface: 'lo', port };
    this.#child = fork(script, controller === undefined ? [place] : [place, controller], {
      env: { ...process.env, PORT: '0', MESH: JSON.stringify(mesh) },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child.on('message', (message) => this.#reports.add(message as { readonly url: string }));
    this.#ended = new Promise((resolve) => this.#child.once('exit', resolve));
  }

  async url(): Promise<string> {
    const { url } = await this.#reports.find(() => true, 20_000);
    return url.replace('[::1]', '127.0.0.1');
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#ended;
  }
}

describe('the examples of README.md', () => {
  const buses = new Buses();
  const applications: Application[] = [];
  afterEach(async () => {
    await Promise.all(applications.splice(0).map((application) => application.stop()));
    await buses.close();
  });

  const examples: [name: string, controller: string | undefined, path: string, published: string][] = [
    ['caches', undefined, 'products', 'invalidate:product:7'],
    ['events', 'PricesController', 'prices', 'price:7'],
  ];

  it.each(examples)(
    'of %s evict from both instances when one of them writes',
    async (...example) => {
      const [name, controller, path, published] = example;
      const place = await compile(
        name,
        snippetsIn('README.md').filter((snippet) => fileNameOf(snippet) !== undefined),
      );
      const pair = [new Application(place, controller), new Application(place, controller)];
      applications.push(...pair);
      const urls = await Promise.all(pair.map((application) => application.url()));
      const observer = await buses.start({ cluster: 'shop', port });
      await observer.waitForPeers(2);
      const heard = new Inbox<string>();
      observer.subscribe('*', ({ key }) => heard.add(key));
      const read = async (url: string, id: string): Promise<unknown> => (await fetch(`${url}/${path}/${id}`)).json();
      const readAll = (id: string): Promise<unknown[]> => Promise.all(urls.map((url) => read(url, id)));
      const [first, other] = [await readAll('7'), await readAll('8')];
      expect([await readAll('7'), await readAll('8')]).toEqual([first, other]);

      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${urls[0]}/${path}/7`, { method: 'PUT', headers, body: '{"name":"Teapot"}' });
      expect(await answer.json()).toEqual({ name: 'Teapot' });
      expect(await heard.atLeast(1)).toEqual([published]);
      // Each copy is another one, as it says when it was loaded.
      for (const [index, url] of urls.entries()) await newCopy(() => read(url, '7'), first[index]);
      expect(await readAll('8')).toEqual(other);
    },
    60_000,
  );
});

/** Reads until the old copy is gone: the word may still be on its way to an instance when another has heard it. */
async function newCopy(read: () => Promise<unknown>, old: unknown): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (isDeepStrictEqual(await read(), old)) if (Date.now() > deadline) throw new Error('the old copy stays');
}

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

describe('the examples of docs/caching.md', () => {
  it('of an LRUCache runs, and says what its comments say', async () => {
    const program = await runSnippet('docs/caching.md', 'lru-cache', "import { LRUCache } from 'lru-cache';");
    await program.saying(/^true\nundefined false false\n\{ name: 'Grace' \}$/m);
    expect(await program.ended).toBe(0);
  }, 30_000);

  it('of BentoCache runs, and says what its comments say', async () => {
    const program = await runSnippet('docs/caching.md', 'bentocache', "from 'nestjs-mesh/bentocache';");
    await program.saying(/^user 42\nfalse$/m);
    expect(await program.ended).toBe(0);
  }, 30_000);

  it('of transactions tells others of what is committed, and of nothing else', async () => {
    const snippets = snippetsIn('docs/caching.md').filter((snippet) =>
      ['transactions.ts', 'prices.ts'].includes(fileNameOf(snippet) ?? ''),
    );
    expect(snippets).toHaveLength(2);
    const place = await compile('transactions', snippets);
    const program = new Program(process.execPath, [join(ROOT, 'test/e2e/children/transactions-app.mjs'), place]);
    programs.push(program);
    await program.saying(/^committed: 1 and 2 are invalidated$/m);
    await program.saying(/^rolled back: nothing is invalidated$/m);
    expect(await program.ended).toBe(0);
  }, 30_000);
});
