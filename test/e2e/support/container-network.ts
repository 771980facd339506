import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { type LabHost, LabNetwork, NetworkLab, whyNoNetworkNamespaces } from '../../support/netns.js';

/** Why there can be no containers here; `undefined` when there can. */
export function whyNoContainers(): string | undefined {
  const obstacle = whyNoNetworkNamespaces();
  if (obstacle !== undefined) return obstacle;
  try {
    execFileSync('nft', ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'there is no nft command';
  }
}

/** Hosts on one bridge, set up as Docker does it: an `eth0` and a way out in each, and a bridge with its defaults. */
export class ContainerNetwork {
  readonly hosts: readonly LabHost[];
  readonly addresses: readonly string[];
  readonly #lab = new NetworkLab();

  constructor(count: number) {
    const bridge = this.#lab.host('bridge');
    bridge.ip('link add net type bridge');
    bridge.ip('link set net up');
    const network = new LabNetwork('net', bridge);
    this.addresses = Array.from({ length: count }, (_, index) => `172.30.0.${index + 2}`);
    this.hosts = this.addresses.map((address, index) => {
      const host = this.#lab.host(`c${index}`);
      network.plug(host, 'eth0', `${address}/16`);
      host.ip('route add default via 172.30.0.1');
      return host;
    });
  }

  /** Lets the name stand for all hosts on each of them, as a headless service does. Before anything runs there. */
  setName(name: string): void {
    const lines = ['127.0.0.1 localhost', ...this.addresses.map((address) => `${address} ${name}`), ''];
    for (const host of this.hosts) {
      // What lies here is bound over the files of /etc for whatever is run in the namespace.
      mkdirSync(folderOf(host), { recursive: true });
      writeFileSync(`${folderOf(host)}/hosts`, lines.join('\n'));
    }
  }

  close(): void {
    this.#lab.close();
    for (const host of this.hosts) rmSync(folderOf(host), { recursive: true, force: true });
  }
}

function folderOf({ name }: LabHost): string {
  return `/etc/netns/${name}`;
}
