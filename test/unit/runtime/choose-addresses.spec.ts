import { describe, expect, it } from '@jest/globals';
import { chooseAddresses, putFirst } from '../../../lib/runtime/choose-addresses.js';
import type { OwnAddress } from '../../../lib/runtime/own-address.js';

function own(name: string, address: string, multicast = true): OwnAddress {
  return { name, address, cidr: `${address}/24`, mac: '02:00:00:00:00:01', loopback: name === 'lo', multicast };
}

const lo = own('lo', '127.0.0.1', false);
const vip = own('lo', '10.99.0.1', false);
const eth0 = own('eth0', '10.0.0.5');
const alias = own('eth0', '10.0.0.6');
const eth1 = own('eth1', '10.1.0.5');
const wg0 = own('wg0', '10.2.0.5', false);

describe('chooseAddresses', () => {
  const cases: [
    title: string,
    host: readonly OwnAddress[],
    wanted: readonly string[] | undefined,
    unicast: readonly OwnAddress[],
    multicast: readonly OwnAddress[],
  ][] = [
    ['every one that knows multicast', [lo, eth0, eth1], undefined, [eth0, eth1, lo], [eth0, eth1]],
    ['unicast also where multicast is not known', [lo, wg0, eth0], undefined, [wg0, eth0, lo], [eth0]],
    ['lo if no other knows multicast', [lo, wg0], undefined, [wg0, lo], [lo]],
    ['lo if there is no other', [lo, vip], undefined, [lo], [lo]],
    ['the group once for an interface with two addresses', [lo, eth0, alias], undefined, [eth0, alias, lo], [eth0]],
    ['an interface by name, with all its addresses', [lo, eth0, alias, eth1], ['eth0'], [eth0, alias, lo], [eth0]],
    ['an interface by address, with that one only', [lo, eth0, alias], ['10.0.0.6'], [alias, lo], [alias]],
    ['several', [lo, eth0, eth1, wg0], ['eth1', '10.2.0.5'], [eth1, wg0, lo], [eth1, wg0]],
    ['lo by name, for the group too', [lo, eth0], ['lo'], [lo], [lo]],
    ['every address of lo, where it is named', [lo, vip, eth0], ['lo'], [vip, lo], [lo]],
    ['one that is named twice, once', [lo, eth0], ['eth0', '10.0.0.5'], [eth0, lo], [eth0]],
    ['one address on two interfaces, once', [lo, eth0, own('eth9', '10.0.0.5')], undefined, [eth0, lo], [eth0]],
    ['nothing where there is nothing', [], undefined, [], []],
  ];

  it.each(cases)('takes %s', (_title, host, wanted, unicast, multicast) => {
    expect(chooseAddresses(host, wanted)).toEqual({ unicast, multicast, missing: [] });
  });

  it('tells what is missing, and takes the others', () => {
    const chosen = chooseAddresses([lo, eth0], ['eth7', 'eth0', '10.9.9.9']);
    expect(chosen).toEqual({ unicast: [eth0, lo], multicast: [eth0], missing: ['eth7', '10.9.9.9'] });
  });
});

describe('putFirst', () => {
  it('lets the address lead from which the world is reached', () => {
    expect(putFirst([eth0, eth1, lo], '10.1.0.5')).toEqual([eth1, eth0, lo]);
  });

  it.each([undefined, '127.0.0.1', '203.0.113.9', '0.0.0.0'])('keeps the order for %s', (source) => {
    expect(putFirst([eth0, eth1, lo], source)).toEqual([eth0, eth1, lo]);
  });
});
