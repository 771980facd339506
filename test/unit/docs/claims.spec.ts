import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { MeshBus } from '../../../lib/bus/mesh-bus.js';
import { newCacheCounters } from '../../../lib/cache/cache-counters.js';
import { resolveCacheOptions } from '../../../lib/cache/mesh-cache-options.js';
import { MESH_ERROR_CODES } from '../../../lib/errors/mesh-error-code.js';
import { DEFAULT_MESH_LIMITS, DEFAULT_MESH_OPTIONS } from '../../../lib/options/default-mesh-options.js';
import { resolveMeshOptions } from '../../../lib/options/resolve-mesh-options.js';
import { documents, nameIn, read, ROOT, snippetsIn, tableUnder } from './support/documents.js';

/** The message with which options are refused. */
function refusal(options: object): string {
  try {
    resolveMeshOptions(options);
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  return '';
}

/** As GitHub makes anchors of headings. */
function anchors(document: string): readonly string[] {
  const headings = read(document).match(/^#+ .*$/gm) ?? [];
  return headings.map((heading) =>
    heading
      .replace(/^#+ /, '')
      .toLowerCase()
      .replace(/[^\p{Letter}\p{Number} _-]/gu, '')
      .replace(/ /g, '-'),
  );
}

describe('README.md', () => {
  const rows = tableUnder('README.md', '## Options');

  it('lists every option, and none that is not there', () => {
    const known = /there are (.*)$/.exec(refusal({ 'no such option at all': 1 }))?.[1]?.split(', ') ?? [];
    expect(known.length).toBeGreaterThan(10);
    expect(rows.map(([name]) => nameIn(name)).sort()).toEqual([...known].sort());
  });

  it.each([
    ['port', DEFAULT_MESH_OPTIONS.port],
    ['group', `'${DEFAULT_MESH_OPTIONS.group}'`],
    ['heartbeat', DEFAULT_MESH_OPTIONS.heartbeatMs],
    ['batchInterval', DEFAULT_MESH_OPTIONS.batchIntervalMs],
    ['batchSize', DEFAULT_MESH_OPTIONS.batchSize],
    ['startTimeout', DEFAULT_MESH_OPTIONS.startTimeoutMs],
    ['cluster', `'${DEFAULT_MESH_OPTIONS.cluster}'`],
    ['secretMode', `'${DEFAULT_MESH_OPTIONS.secretMode}'`],
    ['selfDelivery', DEFAULT_MESH_OPTIONS.selfDelivery],
    ['onIsolation', `'${DEFAULT_MESH_OPTIONS.onIsolation}'`],
    ['multicastTtl', DEFAULT_MESH_OPTIONS.multicastTtl],
  ])('gives the default of %s', (name, value) => {
    expect(nameIn(rows.find(([cell]) => nameIn(cell) === name)?.[1])).toBe(String(value));
  });

  it('names commands that there are', () => {
    const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> };
    const names = [...read('README.md').matchAll(/npm (?:run )?(start|test|build)\b/g)].map(([, name]) => name);
    expect([...new Set(names)].sort()).toEqual(['build', 'start', 'test']);
    for (const name of names) expect(scripts).toHaveProperty(name ?? '');
  });
});

describe('docs/api.md', () => {
  it('lists every error code', () => {
    const rows = tableUnder('docs/api.md', '## Errors');
    expect(rows.map(([name]) => nameIn(name))).toEqual(Object.keys(MESH_ERROR_CODES));
  });

  it('lists every counter', () => {
    const rows = tableUnder('docs/api.md', '## Metrics');
    const counters = Object.keys(new MeshBus().metrics());
    expect(rows.map(([name]) => nameIn(name)).sort()).toEqual(counters.sort());
  });

  it('lists every limit with its default', () => {
    const rows = tableUnder('docs/api.md', '### Limits');
    const limits = Object.fromEntries(rows.map(([name, value]) => [nameIn(name), Number(value?.replace(/,/g, ''))]));
    expect(limits).toEqual(DEFAULT_MESH_LIMITS);
  });

  it('lists what a snapshot holds', () => {
    const [, section = ''] = read('docs/api.md').split('\n## Snapshot\n');
    for (const name of Object.keys(new MeshBus().snapshot())) expect(section).toContain(`\`${name}\``);
  });

  it('shows an error as it is', () => {
    const [example] = snippetsIn('docs/api.md').filter(({ language }) => language === 'text');
    expect(refusal({ heartbeat: 50, clusters: 'shop' })).toBe(example?.text);
  });
});

describe('docs/caching.md', () => {
  it('lists every option of MeshCacheModule with its default', () => {
    const rows = tableUnder('docs/caching.md', '## With `@nestjs/cache-manager`');
    const { prefix, tagPrefix, loadTimeout } = resolveCacheOptions({}, false);
    expect(rows.map(([name, value]) => [nameIn(name), nameIn(value)])).toEqual([
      ['prefix', `'${prefix}'`],
      ['tagPrefix', `'${tagPrefix}'`],
      ['localStores', ''],
      ['loadTimeout', String(loadTimeout)],
      ['mesh', ''],
      ['isGlobal', 'true'],
    ]);
  });

  it('names every counter', () => {
    const [, section = ''] = read('docs/caching.md').split('`stats()` counts');
    for (const name of Object.keys(newCacheCounters())) expect(section).toContain(`\`${name}\``);
  });
});

describe.each(documents())('the links of %s', (document) => {
  const links = [...read(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  const local = links.filter((link) => !/^[a-z]+:/.test(link));

  it.each(local.length > 0 ? local : [document.split('/').at(-1) ?? ''])('%s leads somewhere', (link) => {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? document : normalize(join(dirname(document), path));
    expect(existsSync(ROOT + target)).toBe(true);
    if (anchor !== undefined) expect(anchors(target)).toContain(anchor);
  });
});
