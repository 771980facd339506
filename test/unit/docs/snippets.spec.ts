import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import { documents, snippetsIn } from './support/documents.js';
import { compile } from './support/snippet-compiler.js';

const COMPILE_TIMEOUT_MS = 120_000;
const yaml = createRequire(import.meta.url)('js-yaml') as { loadAll(text: string): readonly unknown[] };

const snippets = documents().flatMap((document) => snippetsIn(document));
const inLanguage = (language: string) => snippets.filter((snippet) => snippet.language === language);

describe('the snippets of the documents', () => {
  it(
    'compile against the library',
    () => {
      expect(inLanguage('ts').length).toBeGreaterThan(15);
      expect(compile(inLanguage('ts'))).toEqual([]);
    },
    COMPILE_TIMEOUT_MS,
  );

  it(
    'would not compile with a mistake in them',
    () => {
      const text =
        '# A document\n\n```ts\nawait bus.publish(42);\n```\n\n```ts\n@EventPattern<string>("a")\non(key: strin) {}\n```\n';
      const mistakes = compile(snippetsIn('planted.md', text));
      expect(mistakes.map((mistake) => mistake.split(': ')[0])).toEqual(['planted.md:4', 'planted.md:9']);
    },
    COMPILE_TIMEOUT_MS,
  );

  it('are manifests that can be read', () => {
    const manifests = inLanguage('yaml');
    expect(manifests.length).toBeGreaterThan(0);
    for (const { text } of manifests) expect(yaml.loadAll(text).every((one) => typeof one === 'object')).toBe(true);
  });

  it('are in languages that are checked here, or are commands and output', () => {
    expect([...new Set(snippets.map(({ language }) => language))].sort()).toEqual(['sh', 'text', 'ts', 'yaml']);
  });
});
