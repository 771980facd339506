import { type LabHost, NetworkLab } from './netns.js';

/** Own datagrams to the group come back by the same way; that those are lost would prove nothing. */
const FOREIGN = 'iifname "eth0" meta l4proto { udp, tcp }';

/** Hosts on one network that lose what arrives, at the word of a test. */
export class LossyLab {
  readonly hosts: readonly LossyHost[];
  readonly #lab = new NetworkLab();

  constructor(count: number) {
    const network = this.#lab.network('net');
    this.hosts = Array.from({ length: count }, (_, index) => {
      const address = `10.1.0.${index + 1}`;
      const host = this.#lab.host(`h${index}`);
      network.plug(host, 'eth0', `${address}/24`);
      return new LossyHost(host, address);
    });
  }

  /** Each host loses so many of 1000 packets, at random. */
  lose(perMille: number): void {
    for (const host of this.hosts) host.lose(perMille);
  }

  heal(): void {
    for (const host of this.hosts) host.heal();
  }

  /** Packets that the kernel has dropped by these rules, of all hosts since they were made. */
  get lost(): number {
    return this.hosts.reduce((sum, host) => sum + host.lost, 0);
  }

  close(): void {
    this.#lab.close();
  }
}

export class LossyHost {
  readonly host: LabHost;
  readonly address: string;

  constructor(host: LabHost, address: string) {
    this.host = host;
    this.address = address;
    host.nft('table ip chaos { counter lost { }; chain input { type filter hook input priority 0; }; }');
  }

  /** Each rule stands in place of the one before. */
  lose(perMille: number): void {
    this.#rule(`${FOREIGN} ip saddr != ${this.address} numgen random mod 1000 < ${perMille}`);
  }

  loseAll(): void {
    this.#rule(`${FOREIGN} ip saddr != ${this.address}`);
  }

  loseFrom(hosts: readonly LossyHost[]): void {
    this.#rule(`${FOREIGN} ip saddr { ${hosts.map(({ address }) => address).join(', ')} }`);
  }

  heal(): void {
    this.host.nft('flush chain ip chaos input');
  }

  /** Packets that the kernel has dropped here by these rules. */
  get lost(): number {
    const list = this.host.exec('nft', 'list', 'counter', 'ip', 'chaos', 'lost');
    return Number(/packets (\d+)/.exec(list)?.[1]);
  }

  /** Datagrams that the kernel has dropped here because a receive buffer was full. */
  get overruns(): number {
    const [names, values] = this.host
      .exec('cat', '/proc/net/snmp')
      .split('\n')
      .filter((line) => line.startsWith('Udp:'))
      .map((line) => line.split(' '));
    return Number(values?.[names?.indexOf('RcvbufErrors') ?? -1]);
  }

  #rule(matches: string): void {
    this.host.nft(`flush chain ip chaos input\nadd rule ip chaos input ${matches} counter name lost drop`);
  }
}
