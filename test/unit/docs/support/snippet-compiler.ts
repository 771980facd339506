import { dirname, join } from 'node:path';
import ts from 'typescript';
import { ROOT, type Snippet } from './documents.js';

/** What a fragment may take for granted: the reader knows these names from the text around it. */
const PREAMBLE = `import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import {
  MeshBatch, MeshBatchContext, MeshBus, MeshClient, MeshContext, MeshError, type MeshEvent, MeshKey, MeshModule,
  MeshRecordBuilder, MeshRequestBuilder, type MeshResync, OnMeshResync,
} from 'nestjs-mesh';
import { CACHE_MANAGER, CacheModule } from '@nestjs/cache-manager';
import type { Cache } from 'cache-manager';
import { Keyv } from 'keyv';
import KeyvRedis from '@keyv/redis';
import { Cached, Invalidates, MeshCache, MeshCacheModule } from 'nestjs-mesh/cache';
declare const bus: MeshBus;
declare const meshCache: MeshCache;
declare const cacheManager: Cache;
declare const database: { loadUser(id: number): Promise<object>; saveUser(user: object): Promise<object> };
declare const client: MeshClient;
declare const cache: Map<string, unknown>;
export {};
`;

interface SourceText {
  readonly snippet: Snippet;
  readonly text: string;
  /** Lines before the first one of the snippet. */
  readonly offset: number;
}

/**
 * The text to compile. A snippet with imports is a whole file. A fragment is put behind the preamble, and methods with
 * decorators into a class.
 */
export function complete(snippet: Snippet): { readonly text: string; readonly offset: number } {
  if (/^import /m.test(snippet.text)) return { text: `${snippet.text}\nexport {};\n`, offset: 0 };
  const isMethod = snippet.text.startsWith('@') && !/^(export )?class /m.test(snippet.text);
  const before = isMethod ? `${PREAMBLE}@Controller()\nclass Fragment {\ncache = cache;\n` : PREAMBLE;
  return { text: `${before}${snippet.text}\n${isMethod ? '}\n' : ''}`, offset: before.split('\n').length - 1 };
}

/** The name that a snippet gives itself in its first line: `// main.ts`. */
export function fileNameOf(snippet: Snippet): string | undefined {
  return /^\/\/ ([\w.-]+\.ts)\n/.exec(snippet.text)?.[1];
}

/** What the compiler has against the snippets, each as `document:line: message`. */
export function compile(snippets: readonly Snippet[]): readonly string[] {
  const sources = new Map<string, SourceText>();
  for (const snippet of snippets) sources.set(pathOf(snippet), { snippet, ...complete(snippet) });
  const options = readOptions();
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, directoryExists } = host;
  host.fileExists = (path) => sources.has(path) || fileExists(path);
  host.readFile = (path) => sources.get(path)?.text ?? readFile(path);
  host.directoryExists = (path) =>
    [...sources.keys()].some((one) => one.startsWith(path)) || directoryExists?.(path) === true;
  const program = ts.createProgram([...sources.keys()], options, host);
  return [...sources].flatMap(([path, source]) => {
    const file = program.getSourceFile(path);
    const diagnostics = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    return diagnostics.map((diagnostic) => describe(diagnostic, source));
  });
}

/** Snippets of one document that name themselves are files of one folder, and may import each other. */
function pathOf(snippet: Snippet): string {
  const folder = join(ROOT, 'test/snippets', snippet.document.replace(/\W/g, '_'));
  return join(folder, fileNameOf(snippet) ?? `line-${snippet.line}.ts`);
}

function readOptions(): ts.CompilerOptions {
  const path = join(ROOT, 'tsconfig.json');
  const { config } = ts.readConfigFile(path, ts.sys.readFile) as { readonly config: unknown };
  return ts.parseJsonConfigFileContent(config, { ...ts.sys, readDirectory: () => [] }, dirname(path)).options;
}

function describe(diagnostic: ts.Diagnostic, { snippet, offset }: SourceText): string {
  const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ');
  const line = diagnostic.file?.getLineAndCharacterOfPosition(diagnostic.start ?? 0).line ?? 0;
  return `${snippet.document}:${snippet.line + line - offset}: ${message}`;
}
