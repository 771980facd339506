import { describe, expect, it } from '@jest/globals';
import { SourceFilter } from '../../../lib/runtime/source-filter.js';

function filter(allow?: readonly string[]): { filter: SourceFilter; told: string[] } {
  const told: string[] = [];
  return { filter: new SourceFilter(allow, (address) => told.push(address)), told };
}

describe('SourceFilter', () => {
  const byDefault: [address: string, admitted: boolean][] = [
    ['127.0.0.1', true],
    ['10.255.255.255', true],
    ['11.0.0.0', false],
    ['172.16.0.1', true],
    ['172.31.255.255', true],
    ['172.32.0.0', false],
    ['192.168.77.1', true],
    ['192.169.0.1', false],
    ['100.64.0.1', true],
    ['100.127.255.255', true],
    ['100.128.0.0', false],
    ['169.254.1.1', true],
    ['8.8.8.8', false],
    ['203.0.113.5', false],
  ];

  it.each(byDefault)('takes %s by default: %s', (address, admitted) => {
    expect(filter().filter.admits(address)).toBe(admitted);
  });

  it('takes the networks of this host, as they are now', () => {
    const { filter: one } = filter();
    expect(one.admits('203.0.113.5')).toBe(false);
    one.adopt(['203.0.113.77/24']);
    expect(one.admits('203.0.113.5')).toBe(true);
    one.adopt([]);
    expect(one.admits('203.0.113.5')).toBe(false);
  });

  it('takes what is allowed and nothing else', () => {
    const { filter: one } = filter(['203.0.113.0/28', '198.51.100.7']);
    one.adopt(['10.0.0.1/8']);
    const admitted = ['203.0.113.15', '203.0.113.16', '198.51.100.7', '198.51.100.8', '10.0.0.2', '127.0.0.1'];
    expect(admitted.filter((address) => one.admits(address))).toEqual(['203.0.113.15', '198.51.100.7']);
  });

  it('takes everyone from 0.0.0.0/0', () => {
    expect(filter(['0.0.0.0/0']).filter.admits('8.8.8.8')).toBe(true);
  });

  it('counts every refusal and tells the first of each source', () => {
    const { filter: one, told } = filter();
    for (let datagram = 0; datagram < 100; datagram++)
      for (const at of ['8.8.8.8', '8.8.4.4', '10.0.0.1']) one.admits(at);
    expect(one.refused).toBe(200);
    expect(told).toEqual(['8.8.8.8', '8.8.4.4']);
  });

  it('keeps within bounds under a flood of forged sources', () => {
    const { filter: one, told } = filter();
    for (let source = 0; source < 50_000; source++)
      one.admits(`8.${source >> 16}.${(source >> 8) & 255}.${source & 255}`);
    expect(one.refused).toBe(50_000);
    expect(told).toHaveLength(1024);
    expect(one.admits('10.0.0.1')).toBe(true);
  });
});
