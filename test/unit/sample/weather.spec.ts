import { describe, expect, it } from '@jest/globals';
import { isSame, networkOf } from '../../../sample/01-invalidation/src/live/weather.js';
import { parseNetworkState } from '../../../sample/01-invalidation/src/network/network-state.js';

const endpoints = new Map([
  ['A', ['127.0.0.1:1', '10.0.0.1:1']],
  ['B', ['127.0.0.1:2']],
  ['C', ['127.0.0.1:3']],
]);

describe('networkOf', () => {
  it('loses a fifth, and cuts nobody off', () => {
    expect(networkOf('A', { lossy: true, cutOff: undefined }, endpoints)).toEqual({ loss: 0.2, onlyFrom: null });
  });

  it.each([
    ['A', ['127.0.0.1:2']],
    ['B', ['127.0.0.1:1', '10.0.0.1:1']],
    ['C', []],
  ])('lets %s hear its own side only', (name, onlyFrom) => {
    expect(networkOf(name, { lossy: false, cutOff: 'C' }, endpoints)).toEqual({ loss: 0, onlyFrom });
  });
});

describe('isSame', () => {
  it('tells a network that reaches nobody from one that reaches all', () => {
    expect(isSame({ loss: 0, onlyFrom: null }, { loss: 0, onlyFrom: [] })).toBe(false);
    expect(isSame({ loss: 0, onlyFrom: ['a:1'] }, { loss: 0, onlyFrom: ['a:1'] })).toBe(true);
    expect(isSame({ loss: 0, onlyFrom: null }, { loss: 0.2, onlyFrom: null })).toBe(false);
  });
});

describe('parseNetworkState', () => {
  it('takes what is left out for sound', () => {
    expect(parseNetworkState(undefined)).toEqual({ loss: 0, onlyFrom: null });
    expect(parseNetworkState({ loss: 0.5 })).toEqual({ loss: 0.5, onlyFrom: null });
    expect(parseNetworkState({ onlyFrom: ['127.0.0.1:1'] })).toEqual({ loss: 0, onlyFrom: ['127.0.0.1:1'] });
  });

  it.each([{ loss: 2 }, { loss: '0.2' }, { loss: Number.NaN }, { onlyFrom: 'all' }, { onlyFrom: [1] }])(
    'refuses %j',
    (body) => {
      expect(() => parseNetworkState(body)).toThrow('a network is');
    },
  );
});
