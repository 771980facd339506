import { execFileSync } from 'node:child_process';

let labs = 0;

/** Why hosts can not be made here; `undefined` when they can. */
export function whyNoNetworkNamespaces(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are of Linux only';
  if (process.getuid?.() !== 0) return 'making network namespaces needs root';
  const probe = `mesh${process.pid}probe`;
  try {
    run('ip', ['netns', 'add', probe]);
    run('ip', ['netns', 'del', probe]);
    return undefined;
  } catch (error) {
    return `ip netns does not work here: ${String(error)}`;
  }
}

/**
 * Hosts of their own on networks of their own, as network namespaces that are joined by bridges. Nothing of it touches
 * the interfaces of this machine. Names are unique for each process and lab; `close` removes everything.
 */
export class NetworkLab {
  readonly #prefix = `mesh${process.pid}x${labs++}`;
  readonly #hosts: LabHost[] = [];
  readonly #switch: LabHost;

  constructor() {
    this.#switch = this.host('switch');
  }

  host(name: string): LabHost {
    const host = new LabHost(`${this.#prefix}${name}`);
    this.#hosts.push(host);
    host.ip('link set lo up');
    return host;
  }

  /** A network that carries multicast to everyone, named by up to 8 characters. */
  network(name: string): LabNetwork {
    this.#switch.ip(`link add ${name} type bridge forward_delay 0 mcast_snooping 0`);
    this.#switch.ip(`link set ${name} up`);
    return new LabNetwork(name, this.#switch);
  }

  close(): void {
    for (const host of this.#hosts.splice(0)) host.remove();
  }
}

export class LabNetwork {
  readonly #name: string;
  readonly #switch: LabHost;
  #ports = 0;

  constructor(name: string, on: LabHost) {
    this.#name = name;
    this.#switch = on;
  }

  /** Plugs an interface of the host in, and gives it an address such as `10.1.0.1/24`. */
  plug(host: LabHost, device: string, address: string): void {
    const port = `${this.#name}p${this.#ports++}`;
    host.ip(`link add ${device} type veth peer name ${port} netns ${this.#switch.name}`);
    this.#switch.ip(`link set ${port} master ${this.#name} up`);
    host.ip(`link set ${device} up`);
    host.ip(`addr add ${address} dev ${device}`);
  }
}

export class LabHost {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
    run('ip', ['netns', 'add', name]);
  }

  /** Arguments for `spawn` that run a command on this host. */
  get prefix(): readonly string[] {
    return ['ip', 'netns', 'exec', this.name];
  }

  ip(command: string): string {
    return run('ip', ['-n', this.name, ...command.split(' ')]);
  }

  /** Runs a command and returns its output. */
  exec(command: string, ...args: readonly string[]): string {
    return run('ip', ['netns', 'exec', this.name, command, ...args]);
  }

  /** Loads a script of nft, which can drop datagrams. */
  nft(script: string): void {
    execFileSync('ip', ['netns', 'exec', this.name, 'nft', '-f', '-'], { input: script });
  }

  remove(): void {
    run('ip', ['netns', 'del', this.name]);
  }
}

function run(command: string, args: readonly string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
