import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

/** The floors of the house. A file imports lower floors and its own folder, never a neighbour on its floor. */
const floors: readonly (readonly string[])[] = [
  ['errors', 'primitives'],
  ['options', 'wire', 'security'],
  ['reliability', 'membership', 'delivery'],
  ['core'],
  ['runtime', 'simulation'],
  ['bus'],
  ['nest'],
  ['terminus', 'cache', 'bentocache', 'testing', 'cli'],
];
const pureFloors = 4;
const nestFloor = 6;

/** What would make the same input give another output, or let time pass within one. */
const impureNames = new Set(
  'Date performance setTimeout setInterval setImmediate queueMicrotask process console globalThis crypto'.split(' '),
);
const impureText = /\bMath\s*\.\s*random\b|\brandom(Bytes|Fill|FillSync|Int|UUID)\b/;

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
};
const declared = new Set([...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)]);
const entryPoints = new Set(
  Object.keys(manifest.exports)
    .filter((name) => name !== './package.json')
    .map((name) => posix.join(name, 'index.ts')),
);

/** Source texts by path within lib/. */
type Sources = ReadonlyMap<string, string>;

interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly folder: string;
  /** Position of the folder among the floors; the main entry point stands on top of them all. */
  readonly floor: number;
  /** Paths within lib/. */
  readonly files: readonly string[];
  /** Bare specifiers. */
  readonly packages: readonly string[];
}

function floorOf(folder: string): number {
  return folder === '.' ? floors.length : floors.findIndex((folders) => folders.includes(folder));
}

function parse(path: string, text: string): SourceFile {
  const folder = path.includes('/') ? path.slice(0, path.indexOf('/')) : '.';
  const specifiers = ts.preProcessFile(text, true, true).importedFiles.map((imported) => imported.fileName);
  return {
    path,
    text,
    folder,
    floor: floorOf(folder),
    files: specifiers
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => posix.join(posix.dirname(path), specifier).replace(/\.js$/, '.ts')),
    packages: specifiers.filter((specifier) => !specifier.startsWith('.')),
  };
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

const isNest = (specifier: string): boolean => /^(@nestjs\/|rxjs(\/|$)|reflect-metadata$)/.test(specifier);

function* floorFaults({ folder, floor, files }: SourceFile): Generator<string> {
  if (floor < 0) yield `the folder ${folder} stands on no floor`;
  for (const file of files) {
    const target = parse(file, '');
    const allowed = target.folder === folder || (target.floor >= 0 && target.floor < floor);
    if (!allowed) yield `imports ${file}, which is not below it`;
    if (entryPoints.has(file)) yield `imports the entry point ${file} and not the file behind it`;
  }
}

function* packageFaults({ folder, floor, packages }: SourceFile): Generator<string> {
  for (const specifier of packages) {
    if (floor < pureFloors && !(folder === 'security' && specifier === 'node:crypto')) {
      yield `imports ${specifier} on a pure floor`;
    } else if (/^node:(dgram|os|dns)(\/|$)/.test(specifier) && folder !== 'runtime') {
      yield `imports ${specifier} outside runtime/`;
    } else if (isNest(specifier) && floor < nestFloor) {
      yield `imports ${specifier} below the floors of Nest`;
    } else if (packageName(specifier) === '@nestjs/terminus' && folder !== 'terminus') {
      yield `imports ${specifier} outside terminus/`;
    } else if (!specifier.startsWith('node:') && !declared.has(packageName(specifier))) {
      yield `imports ${specifier}, which package.json does not declare`;
    }
  }
}

/** Whether the identifier stands for a binding, and not for a property or the name of something declared here. */
function isReference(node: ts.Identifier): boolean {
  return !('name' in node.parent && node.parent.name === node);
}

function* impurities(node: ts.Node): Generator<string> {
  if (ts.isIdentifier(node) && impureNames.has(node.text) && isReference(node)) yield `uses ${node.text}`;
  else if (ts.isPropertyAccessExpression(node) && impureText.test(node.getText())) yield `uses ${node.getText()}`;
  else if (ts.isImportSpecifier(node) && impureText.test(node.getText())) yield `imports ${node.getText()}`;
  else if (node.kind === ts.SyntaxKind.AsyncKeyword || ts.isAwaitExpression(node)) yield 'is asynchronous';
  for (const child of node.getChildren()) yield* impurities(child);
}

function* purityFaults({ path, text, floor }: SourceFile): Generator<string> {
  if (floor >= pureFloors || floor < 0) return;
  yield* impurities(ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true));
}

function* barrelFaults({ path, text }: SourceFile): Generator<string> {
  const { statements } = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
  const lists = statements.filter((statement) => ts.isExportDeclaration(statement) && statement.moduleSpecifier);
  if (entryPoints.has(path)) {
    if (lists.length < statements.length) yield 'is an entry point and holds more than its list';
    if (/^export (type )?\*/m.test(text)) yield 'is an entry point and does not name what it exports';
  } else if (lists.length > 0 || posix.basename(path) === 'index.ts') {
    yield 'is a barrel';
  }
}

/** All packages that loading, or reading the types of, a file leads to. */
function packagesBehind(path: string, sources: Sources, seen = new Set<string>()): string[] {
  const text = sources.get(path);
  if (text === undefined || seen.has(path)) return [];
  seen.add(path);
  const { files, packages } = parse(path, text);
  return [...packages, ...files.flatMap((file) => packagesBehind(file, sources, seen))];
}

function faults(sources: Sources): string[] {
  const found = [...sources].flatMap(([path, text]) => {
    const file = parse(path, text);
    const ofFile = [...floorFaults(file), ...packageFaults(file), ...purityFaults(file), ...barrelFaults(file)];
    return ofFile.map((fault) => `${path} ${fault}`);
  });
  const withoutNest = ['bus/index.ts', 'bentocache/index.ts'].flatMap((path) =>
    packagesBehind(path, sources)
      .filter(isNest)
      .map((specifier) => `${path} leads to ${specifier}`),
  );
  return [...found, ...withoutNest];
}

function readLibrary(): Sources {
  const paths = readdirSync('lib', { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
  return new Map(paths.map((path) => [path.replaceAll('\\', '/'), readFileSync(`lib/${path}`, 'utf8')]));
}

describe('architecture', () => {
  it('holds in every file of lib/', () => {
    const sources = readLibrary();
    expect([...sources.keys()]).toEqual(expect.arrayContaining([...entryPoints]));
    expect(faults(sources)).toEqual([]);
  });

  const planted: [rule: string, path: string, text: string, fault: string][] = [
    ['a higher floor', 'wire/a.ts', `import { b } from '../core/b.js';`, 'imports core/b.ts'],
    ['a type of a higher floor', 'core/a.ts', `import type { B } from '../bus/b.js';`, 'imports bus/b.ts'],
    ['a dynamic import', 'core/a.ts', `export const b = () => import('../bus/b.js');`, 'imports bus/b.ts'],
    ['a neighbour', 'membership/a.ts', `import { b } from '../delivery/b.js';`, 'imports delivery/b.ts'],
    ['a neighbour among entry points', 'cache/a.ts', `import { b } from '../testing/b.js';`, 'imports testing/b.ts'],
    ['the main entry point', 'nest/a.ts', `import { b } from '../index.js';`, 'imports index.ts'],
    ['an entry point', 'nest/a.ts', `import { b } from '../bus/index.js';`, 'imports the entry point'],
    ['an unknown folder', 'helpers/a.ts', '', 'stands on no floor'],
    ['an import of an unknown folder', 'nest/a.ts', `import { b } from '../helpers/b.js';`, 'imports helpers/b.ts'],
    ['a package on a pure floor', 'core/a.ts', `import { v4 } from 'uuid';`, 'imports uuid'],
    ['crypto outside security', 'wire/a.ts', `import { createHash } from 'node:crypto';`, 'imports node:crypto'],
    ['random bytes', 'security/a.ts', `import { randomBytes } from 'node:crypto';`, 'imports randomBytes'],
    ['a built-in on a pure floor', 'core/a.ts', `import { EventEmitter } from 'node:events';`, 'imports node:events'],
    ['sockets outside runtime', 'bus/a.ts', `import { createSocket } from 'node:dgram';`, 'imports node:dgram'],
    ['interfaces outside runtime', 'simulation/a.ts', `import os from 'node:os';`, 'imports node:os'],
    [
      'name resolution outside runtime',
      'nest/a.ts',
      `import { lookup } from 'node:dns/promises';`,
      'node:dns/promises',
    ],
    ['Nest below its floors', 'bus/a.ts', `import { Logger } from '@nestjs/common';`, 'imports @nestjs/common'],
    ['rxjs below its floors', 'runtime/a.ts', `import type { Observable } from 'rxjs';`, 'imports rxjs'],
    ['terminus elsewhere', 'nest/a.ts', `import { H } from '@nestjs/terminus';`, 'outside terminus/'],
    ['an undeclared package', 'nest/a.ts', `import { z } from 'zod';`, 'does not declare'],
    ['the time of day', 'core/a.ts', 'export const now = () => Date.now();', 'uses Date'],
    ['a clock', 'core/a.ts', 'export const now = () => performance.now();', 'uses performance'],
    ['a timer', 'reliability/a.ts', 'export const later = (f: () => void) => setTimeout(f, 1);', 'uses setTimeout'],
    ['an interval', 'delivery/a.ts', 'export const often = (f: () => void) => setInterval(f, 1);', 'uses setInterval'],
    ['a turn', 'core/a.ts', 'export const next = (f: () => void) => setImmediate(f);', 'uses setImmediate'],
    ['chance', 'membership/a.ts', 'export const draw = () => Math.random();', 'uses Math.random'],
    ['the process', 'options/a.ts', 'export const { env } = process;', 'uses process'],
    ['the console', 'errors/a.ts', `export const warn = () => console.warn('');`, 'uses console'],
    ['an async function', 'core/a.ts', 'export async function a() {}', 'is asynchronous'],
    ['an await', 'core/a.ts', 'export function* a() { await b; }', 'is asynchronous'],
    ['a barrel', 'core/index.ts', `export { a } from './a.js';`, 'is a barrel'],
    ['a barrel of another name', 'core/all.ts', `export * from './a.js';`, 'is a barrel'],
    ['code in an entry point', 'bus/index.ts', 'export const a = 1;', 'holds more than its list'],
    ['a starred entry point', 'index.ts', `export * from './bus/a.js';`, 'does not name'],
  ];

  it.each(planted)('finds %s', (_rule, path, text, fault) => {
    expect(faults(new Map([[path, text]])).join('\n')).toContain(fault);
  });

  it('finds Nest behind the bus, however far', () => {
    const sources = new Map([
      ['bus/index.ts', `export { a } from './a.js';`],
      ['bus/a.ts', `import { b } from '../core/b.js';`],
      ['core/b.ts', `import { Observable } from 'rxjs';`],
    ]);
    expect(faults(sources)).toContain('bus/index.ts leads to rxjs');
  });

  it('finds Nest behind the driver of BentoCache', () => {
    const sources = new Map([
      ['bentocache/index.ts', `export { a } from '../nest/a.js';`],
      ['nest/a.ts', `import { Logger } from '@nestjs/common';`],
    ]);
    expect(faults(sources)).toContain('bentocache/index.ts leads to @nestjs/common');
  });

  it('leaves names alone that only look impure', () => {
    const text = `
      // setTimeout, Date.now() and Math.random() in words
      export interface A { readonly process: number; readonly console?: string }
      export const read = (a: A): string => 'setTimeout' + a.process + a.console;
    `;
    expect(faults(new Map([['core/a.ts', text]]))).toEqual([]);
  });
});
