import { describe, expect, it } from '@jest/globals';
import { clusterTagOf, DEFAULT_CLUSTER_TAG, isNamedCluster } from '../../../lib/wire/cluster-tag.js';

describe('clusterTagOf', () => {
  // The first three are test vectors of draft-eastlake-fnv, appendix C.
  it.each([
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['foobar', 0xbf9cf968],
    ['é', 0x1e9de8c1],
  ])('is FNV-1a of the UTF-8 bytes of %j', (cluster, tag) => {
    expect(clusterTagOf(cluster)).toBe(tag);
  });

  it('knows the tag of the cluster "default"', () => {
    expect(clusterTagOf('default')).toBe(DEFAULT_CLUSTER_TAG);
  });
});

describe('isNamedCluster', () => {
  it('takes no tag, and that of "default", for the cluster "default"', () => {
    expect(isNamedCluster(undefined)).toBe(false);
    expect(isNamedCluster(DEFAULT_CLUSTER_TAG)).toBe(false);
    expect(isNamedCluster(clusterTagOf('shop'))).toBe(true);
    expect(isNamedCluster(0)).toBe(true);
  });
});
