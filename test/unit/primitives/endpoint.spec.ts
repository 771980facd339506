import { describe, expect, it } from '@jest/globals';

import {
  formatEndpoint,
  ipv4FromNumber,
  ipv4ToNumber,
  isIpv4,
  isLoopback,
  isUnspecified,
  parseEndpoint,
} from '../../../lib/primitives/endpoint.js';

describe('parseEndpoint', () => {
  it.each([
    ['10.0.0.5:7946', '10.0.0.5', 7946],
    ['0.0.0.0:1', '0.0.0.0', 1],
    ['255.255.255.255:65535', '255.255.255.255', 65_535],
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
});

describe('endpoints', () => {
  it('tells an address that names no interface', () => {
    expect([isUnspecified('0.0.0.0:7946'), isUnspecified('10.0.0.0:7946')]).toEqual([true, false]);
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
});
