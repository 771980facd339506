import { describe, expect, it } from '@jest/globals';

import {
  formatEndpoint,
  ipv4FromNumber,
  ipv4ToNumber,
  isIpv4,
  isLoopback,
  isUnicast,
  isUnspecified,
  parseEndpoint,
} from '../../../lib/primitives/endpoint.js';
import { seededRandom } from '../../support/seeded-random.js';

describe('parseEndpoint', () => {
  it.each([
    ['10.0.0.5:7946', '10.0.0.5', 7946],
    ['0.0.0.0:1', '0.0.0.0', 1],
    ['255.255.255.255:65535', '255.255.255.255', 65_535],
    ['10.0.0.5:00080', '10.0.0.5', 80],
  ])('reads %s', (text, address, port) => expect(parseEndpoint(text)).toEqual({ address, port }));

  it.each([
    '',
    ':',
    '10.0.0.5',
    '10.0.0.5:',
    '10.0.0.5:0',
    '10.0.0.5:65536',
    '10.0.0.5:123456',
    '10.0.0.5:7e3',
    '10.0.0.5: 7946',
    '10.0.0.256:7946',
    '10.0.0:7946',
    '010.0.0.5:7946',
    'localhost:7946',
    '::1:7946',
    '10.0.0.5:7946\n',
    '10.0.0.5:-1',
    '10.0.0.5:+80',
    '10.0.0.5:80 ',
    '10.0.0.5:8.0',
    '10.0.0.5:0x50',
    '10.0.0.5:٨٠',
    '10.0.0.5:00000',
    '10.0.0.5:000080',
    '10.0.0.5:80:80',
    '256.0.0.5:80',
    '10.300.0.5:80',
    '10.0.1000.5:80',
    '10.0.0.005:80',
    '10.0.0.0.5:80',
    '10..0.5:80',
    '.10.0.0.5:80',
    '10.0.0.5.:80',
    '10.0.0.-5:80',
    '10.0.0.0x5:80',
    '\n10.0.0.5:80',
    '[::1]:80',
    '::ffff:10.0.0.5:80',
  ])('refuses %j', (text) => expect(parseEndpoint(text)).toBeUndefined());

  it('reads what was formatted', () => {
    expect(parseEndpoint(formatEndpoint('10.1.2.3', 99))).toEqual({ address: '10.1.2.3', port: 99 });
  });
});

describe('isIpv4', () => {
  it.each(['0.0.0.0', '1.2.3.4', '255.255.255.255', '99.100.199.200'])('accepts %s', (text) => {
    expect(isIpv4(text)).toBe(true);
  });

  it.each(['', '1.2.3', '1.2.3.4.5', '1.2.3.256', 'a.b.c.d', '1.2.3.4 '])('refuses %j', (text) => {
    expect(isIpv4(text)).toBe(false);
  });

  it.each(['01.2.3.4', '001.2.3.4', '1.2.3.04', '00.0.0.0'])(
    'takes %s, of a leading zero, for no address',
    (address) => {
      expect(isIpv4(address)).toBe(false);
    },
  );

  it('accepts every octet from 0 to 255, at every place, and none above', () => {
    const accepted: string[] = [];
    const expected: string[] = [];
    for (let octet = 0; octet < 1100; octet++) {
      for (const place of [0, 1, 2, 3]) {
        const address = ['1', '22', '133', '4'].with(place, String(octet)).join('.');
        if (octet <= 255) expected.push(address);
        if (isIpv4(address)) accepted.push(address);
      }
    }
    expect(accepted).toEqual(expected);
  });
});

describe('endpoints', () => {
  it('tells an address that names no interface', () => {
    expect([isUnspecified('0.0.0.0:7946'), isUnspecified('10.0.0.0:7946')]).toEqual([true, false]);
  });

  it.each([
    ['0.0.0.0:7946', false],
    ['0.1.2.3:7946', false],
    ['1.0.0.1:7946', true],
    ['127.0.0.1:7946', true],
    ['223.255.255.255:7946', true],
    ['224.0.0.1:7946', false],
    ['239.0.0.1:7946', false],
    ['255.255.255.255:7946', false],
  ])('tells whether %s names one host', (endpoint, expected) => {
    expect(isUnicast(endpoint)).toBe(expected);
  });

  it('tells an address of this host only', () => {
    expect([isLoopback('127.0.0.2:1'), isLoopback('128.0.0.1:1')]).toEqual([true, false]);
  });

  it.each([
    ['0.0.0.0', 0],
    ['0.0.1.2', 258],
    ['127.0.0.1', 0x7f000001],
    ['255.255.255.255', 0xffffffff],
  ])('turns %s into a number and back', (address, number) => {
    expect(ipv4ToNumber(address)).toBe(number);
    expect(ipv4FromNumber(number)).toBe(address);
  });

  it('turns any number into an address and back (seed 5)', () => {
    const random = seededRandom(5);
    for (let round = 0; round < 500; round++) {
      const number = random.u32();
      const address = ipv4FromNumber(number);
      expect({ address, valid: isIpv4(address), number: ipv4ToNumber(address) }).toEqual({
        address,
        valid: true,
        number,
      });
    }
  });
});
