import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { MESH_ERROR_CODES } from '../../../lib/errors/mesh-error-code.js';

const CODES = Object.keys(MESH_ERROR_CODES);
const LIBRARY = new URL('../../../lib/', import.meta.url);

/** Every source but the table itself, by its path in lib/. */
function sources(): ReadonlyMap<string, string> {
  const paths = readdirSync(LIBRARY, { recursive: true, encoding: 'utf8' });
  const files = paths.filter((path) => path.endsWith('.ts') && !path.endsWith('mesh-error-code.ts'));
  return new Map(files.map((path) => [path, readFileSync(new URL(path, LIBRARY), 'utf8')]));
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[^]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}

function codesIn(text: string): readonly string[] {
  return text.match(/\bMESH_ERR_[A-Z_]+\b/g) ?? [];
}

describe('MESH_ERROR_CODES', () => {
  it.each(Object.entries(MESH_ERROR_CODES))('tells in a few words what %s means', (code, meaning) => {
    expect(code).toMatch(/^MESH_ERR_[A-Z]+(_[A-Z]+)*$/);
    expect(meaning).toMatch(/^[a-z].{15,}[^.]$/);
  });

  it('holds no code that is never thrown', () => {
    const thrown = new Set([...sources().values()].flatMap((text) => codesIn(withoutComments(text))));
    expect(CODES.filter((code) => !thrown.has(code))).toEqual([]);
  });

  it('holds every code that the sources and their comments speak of', () => {
    const mentioned = [...sources()].flatMap(([path, text]) => codesIn(text).map((code) => ({ path, code })));
    expect(mentioned.length).toBeGreaterThan(CODES.length);
    expect(mentioned.filter(({ code }) => !CODES.includes(code))).toEqual([]);
  });

  it('holds every code that the documentation speaks of, and is documented', () => {
    const api = new Set(codesIn(readFileSync(new URL('../docs/api.md', LIBRARY), 'utf8')));
    expect([...api].sort()).toEqual([...CODES].sort());
  });
});
