// Packs the library, installs it in throw-away applications, and uses every entry point there: by `import` and by
// `require`, on both majors of Nest, in a CommonJS Jest, under each way that the compiler resolves packages, and
// nestjs-mesh/bus and the command where there is neither Nest nor rxjs.
import { notStrictEqual, ok, strictEqual } from 'node:assert';
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const root = resolve(import.meta.dirname, '../..');
const consumers = join(import.meta.dirname, 'consumers');
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const temporary = mkdtempSync(join(tmpdir(), 'nestjs-mesh-pack-'));
const execute = promisify(execFile);
let passed = 0;
let failed = 0;

async function run(command, args, cwd, { timeout = 180_000, env = {} } = {}) {
  const { stdout, stderr } = await execute(command, args, { cwd, timeout, env: { ...process.env, ...env } });
  return { stdout, stderr };
}

const node = (cwd, ...args) => run(process.execPath, args, cwd, { timeout: 120_000 });

async function check(name, body) {
  const began = performance.now();
  const end = () => `(${((performance.now() - began) / 1000).toFixed(1)} s)`;
  try {
    await body();
    passed += 1;
    console.log(`ok      ${name} ${end()}`);
  } catch (error) {
    failed += 1;
    console.log(`not ok  ${name} ${end()}`);
    for (const text of [error.message, error.stdout]) if (text) console.log(text.trimEnd());
  }
}

function write(path, value) {
  writeFileSync(path, JSON.stringify(value, null, 2));
}

/** Names with the versions that this repository's lock has, below `from`. */
function pinned(names, from = root) {
  return names.map((name) => {
    const places = [join(from, 'node_modules', name), join(root, 'node_modules', name)];
    const { version } = JSON.parse(readFileSync(join(places.find(existsSync), 'package.json'), 'utf8'));
    return `${name}@${version}`;
  });
}

async function pack() {
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', temporary], root, { timeout: 120_000 });
  const [{ filename, files }] = JSON.parse(stdout.slice(stdout.search(/^\[/m)));
  await check('the tarball holds what a user needs and nothing else', () => {
    const other = files.filter(
      ({ path }) =>
        path.includes('/simulation/') ||
        !/^(dist\/(esm|cjs)\/|docs\/[\w-]+\.md$|(package\.json|README\.md|LICENSE|CHANGELOG\.md)$)/.test(path),
    );
    strictEqual(other.map(({ path }) => path).join(), '');
    ok(
      files.some(({ path }) => path === 'docs/api.md'),
      'README.md leads to docs/api.md',
    );
    const command = files.find(({ path }) => path === 'dist/esm/cli/main.js');
    ok((command.mode & 0o111) === 0o111, 'the command may be executed');
    ok(!files.some(({ path }) => path.startsWith('dist/cjs/cli/')), 'the command is there once');
  });
  return join(temporary, filename);
}

async function install(name, packages) {
  const app = join(temporary, name);
  mkdirSync(app);
  write(join(app, 'package.json'), { name: `app-${name}`, version: '1.0.0', private: true });
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...packages], app, { timeout: 180_000 });
  return app;
}

/** How a consumer's compiler may be set up; the first of each kind is also run. */
const setups = {
  module: [
    { module: 'nodenext' },
    { module: 'node16' },
    { module: 'es2022', moduleResolution: 'bundler', exactOptionalPropertyTypes: false },
  ],
  commonjs: [
    { module: 'nodenext' },
    { module: 'commonjs', moduleResolution: 'bundler', exactOptionalPropertyTypes: false },
    { module: 'node16' },
    { module: 'commonjs', moduleResolution: 'node10', ignoreDeprecations: '6.0' },
  ],
};

function layOut(app, type, source) {
  const folder = join(app, type);
  mkdirSync(folder);
  write(join(folder, 'package.json'), { type });
  cpSync(join(consumers, source), folder, { recursive: true });
  cpSync(join(consumers, 'free-port.ts'), join(folder, 'free-port.ts'));
  return folder;
}

async function compile(folder, setup, file = 'main.ts') {
  const strict = { strict: true, exactOptionalPropertyTypes: true, noPropertyAccessFromIndexSignature: true };
  const decorators = { experimentalDecorators: true, emitDecoratorMetadata: true };
  const compilerOptions = {
    target: 'es2022',
    types: ['node'],
    rootDir: '.',
    outDir: 'out',
    skipLibCheck: false,
    ...strict,
    ...decorators,
    ...setup,
  };
  write(join(folder, 'tsconfig.json'), { compilerOptions, files: [file] });
  await node(folder, compiler, '-p', 'tsconfig.json');
}

async function compileAndRun(app, source, without = () => false) {
  for (const type of ['module', 'commonjs']) {
    const folder = layOut(app, type, source);
    for (const [index, setup] of setups[type].entries()) {
      if (without(type, setup)) continue;
      const name = `${source} in ${type}, ${Object.values(setup).slice(0, 2).join(' + ')}`;
      await check(`${basename(app)}: types of ${name}`, () => compile(folder, setup));
      if (index > 0) continue;
      await check(`${basename(app)}: ${name}, run`, () => node(folder, 'out/main.js'));
    }
  }
  await check(`${basename(app)}: import and require give one copy`, () => node(join(app, 'module'), 'one-copy.mjs'));
}

/** Loading `entry` must fail, both ways, with words that name the missing package. */
async function failsFor(app, entry, missing) {
  const load = {
    import: ['--input-type=module', '-e', `await import('${entry}')`],
    require: ['--input-type=commonjs', '-e', `require('${entry}')`],
  };
  for (const [kind, args] of Object.entries(load)) {
    await check(`${basename(app)}: ${kind} of ${entry} names the missing package`, async () => {
      const error = await node(app, ...args).then(
        () => new Error('it was loaded'),
        (failure) => failure,
      );
      if (!missing.test(error.stderr)) throw error;
    });
  }
}

/** The command, as a user calls it in an application that has the library. */
async function command(app) {
  const npx = (...args) => run('npx', ['--no-install', 'nestjs-mesh', ...args], app);
  await check(`${basename(app)}: nestjs-mesh keygen makes a secret`, async () => {
    const secrets = await Promise.all([npx('keygen'), npx('keygen')]);
    for (const { stdout } of secrets) ok(/^[\w-]{43}\n$/.test(stdout), 'one line of 43 characters');
    notStrictEqual(secrets[0].stdout, secrets[1].stdout);
  });
  await check(`${basename(app)}: nestjs-mesh says what there is`, async () => {
    ok(/\n {2}keygen /.test((await npx('--help')).stdout), 'help names keygen');
    const failure = await npx('keygne').catch((error) => error);
    strictEqual(failure.code, 2);
    ok(/there is no command keygne\n[^]*\n {2}keygen /.test(failure.stderr), 'a wrong command leads to the right one');
  });
}

async function bare(tarball) {
  const app = await install('bare', [tarball, ...pinned(['@types/node', 'lru-cache'])]);
  await check('bare: no package but uuid comes along', () => {
    const names = readdirSync(join(app, 'node_modules')).filter((name) => !name.startsWith('.'));
    strictEqual(names.sort().join(), '@types,lru-cache,nestjs-mesh,undici-types,uuid');
  });
  await command(app);
  await compileAndRun(app, 'bus');
  for (const entry of ['nestjs-mesh', 'nestjs-mesh/testing', 'nestjs-mesh/cache'])
    await failsFor(app, entry, /Cannot find (package|module) '(@nestjs\/\w+|rxjs|reflect-metadata)/);
}

const nestPackages = [
  ...['cache-manager', 'common', 'core', 'microservices', 'platform-express', 'terminus', 'testing'].map(
    (name) => `@nestjs/${name}`,
  ),
  ...['cache-manager', 'keyv'],
];

/** Types of @nestjs/cache-manager name packages that it does not install, so here libraries are not checked. */
async function useCaches(app) {
  for (const [type, exactOptionalPropertyTypes] of [
    ['module', true],
    ['commonjs', false],
  ]) {
    await check(`${basename(app)}: caches in ${type}`, async () => {
      const folder = join(app, type);
      await compile(folder, { module: 'nodenext', exactOptionalPropertyTypes, skipLibCheck: true }, 'caches.ts');
      await node(folder, 'out/caches.js');
    });
  }
}

async function withoutOptional(app) {
  for (const name of ['terminus', 'cache-manager'])
    rmSync(join(app, 'node_modules/@nestjs', name), { recursive: true });
  await failsFor(app, 'nestjs-mesh/terminus', /Cannot find (package|module) '@nestjs\/terminus'/);
  await failsFor(app, 'nestjs-mesh/cache', /Cannot find (package|module) '@nestjs\/cache-manager'/);
  await check(`${basename(app)}: nestjs-mesh needs neither terminus nor cache-manager`, () =>
    node(app, '--input-type=module', '-e', `await import('nestjs-mesh')`),
  );
}

async function nest(name, tarball, from, without) {
  const packages = pinned([...nestPackages, 'rxjs', 'reflect-metadata', '@types/node'], from);
  const app = await install(name, [tarball, ...packages]);
  await compileAndRun(app, 'nest', without);
  await useCaches(app);
  return app;
}

async function nest12(tarball) {
  // Nest 12 is ES modules only; under these set-ups the compiler refuses Nest itself to CommonJS.
  const without = (type, { module, moduleResolution }) =>
    type === 'commonjs' && (module === 'node16' || moduleResolution === 'node10');
  await withoutOptional(await nest('nest12', tarball, root, without));
}

async function nest11(tarball) {
  const app = await nest('nest11', tarball, join(root, 'test/nest11'));
  await check('nest11: in a CommonJS Jest', async () => {
    const folder = layOut(app, 'jest', 'jest');
    write(join(folder, 'package.json'), { type: 'commonjs' });
    const jest = join(root, 'node_modules/jest/bin/jest.js');
    const env = { SWC_JEST: join(root, 'node_modules/@swc/jest'), NODE_OPTIONS: '' };
    await run(process.execPath, [jest, '--rootDir', folder, '--config', join(folder, 'jest.config.cjs')], folder, {
      env,
    });
  });
  await withoutOptional(app);
}

try {
  const tarball = await pack();
  const applications = { bare, nest11, nest12 };
  await Promise.all(
    Object.entries(applications).map(([name, application]) => check(`${name}: to the end`, () => application(tarball))),
  );
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
console.log(`${passed + failed} checks of the package, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
