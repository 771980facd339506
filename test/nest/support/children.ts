import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { ClientProxy } from '@nestjs/microservices';
import { type Options, transformFileSync } from '@swc/core';
import { Inbox } from '../../support/inbox.js';

/** Which of the two majors this spec runs on: only 12 has a dispatch hook. */
export const isNest12 = 'setOnDispatchHook' in ClientProxy.prototype;

const root = process.cwd();
/** From here Node finds the Nest of this spec's major. */
const packages = join(root, isNest12 ? '.' : 'test/nest11', 'node_modules');

const compiler: Options = {
  swcrc: false,
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    keepClassNames: true,
  },
  module: { type: 'es6' },
};

function compile(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, transformFileSync(from, compiler).code);
}

function manifest(folder: string, text: object): void {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', ...text }));
}

/** A process of its own, which runs a fixture. What it prints arrives line by line. */
export class Child {
  readonly lines = new Inbox<string>();
  readonly errors = new Inbox<string>();
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  readonly #process: ChildProcess;

  constructor(file: string, args: readonly string[]) {
    const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    createInterface(child.stdout).on('line', this.lines.add);
    createInterface(child.stderr).on('line', this.errors.add);
    this.ended = new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)));
    this.#process = child;
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }
}

/** The library and the fixtures, compiled once for the children of one spec file. */
export class Children {
  readonly #folder: string;
  readonly #children: Child[] = [];

  constructor() {
    mkdirSync(join(packages, '.cache'), { recursive: true });
    this.#folder = mkdtempSync(join(packages, '.cache/mesh-spec-'));
    const library = join(this.#folder, 'node_modules/nestjs-mesh');
    for (const file of readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })) {
      if (file.endsWith('.ts')) compile(join(root, 'lib', file), join(library, file.replace(/\.ts$/, '.js')));
    }
    manifest(library, { name: 'nestjs-mesh', exports: { '.': './index.js', './bus': './bus/index.js' } });
    manifest(this.#folder, {});
  }

  /** Runs a file of test/nest/fixtures. */
  run(fixture: string, ...args: readonly string[]): Child {
    const file = join(this.#folder, `${basename(fixture)}.js`);
    compile(join(root, 'test/nest/fixtures', `${fixture}.ts`), file);
    const child = new Child(file, args);
    this.#children.push(child);
    return child;
  }

  async close(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    await Promise.all(this.#children.map(({ ended }) => ended));
    rmSync(this.#folder, { recursive: true });
  }
}
