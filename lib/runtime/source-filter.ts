import { BlockList } from 'node:net';

/** Loopback, the private blocks of RFC 1918, carrier-grade NAT of RFC 6598 and link-local of RFC 3927. */
const DEFAULT_BLOCKS = [
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '169.254.0.0/16',
] as const;
/** Whoever forges sources can fill this; it is then emptied, and costs a look-up of 2 µs again for each. */
const VERDICTS_KEPT = 4096;
/** Sources that are told of. A further one is counted only: log lines are not for strangers to write. */
const TOLD_MOST = 1024;

/** Whether datagrams from an address are heard at all, by the option `allow`. */
export class SourceFilter {
  readonly #allow: readonly string[] | undefined;
  readonly #onFirstRefusal: (address: string) => void;
  readonly #verdicts = new Map<string, boolean>();
  readonly #told = new Set<string>();
  #blocks = new BlockList();
  #refused = 0;

  /** Without `allow`, the default blocks and the networks of this host. */
  constructor(allow: readonly string[] | undefined, onFirstRefusal: (address: string) => void) {
    this.#allow = allow;
    this.#onFirstRefusal = onFirstRefusal;
    this.adopt([]);
  }

  /** How many datagrams were refused. */
  get refused(): number {
    return this.#refused;
  }

  /** The networks of this host are these now. */
  adopt(ownCidrs: readonly string[]): void {
    this.#blocks = new BlockList();
    for (const cidr of this.#allow ?? [...DEFAULT_BLOCKS, ...ownCidrs]) {
      const [address = '', bits = '32'] = cidr.split('/');
      this.#blocks.addSubnet(address, Number(bits), 'ipv4');
    }
    this.#verdicts.clear();
  }

  admits(address: string): boolean {
    const admitted = this.#verdicts.get(address) ?? this.#judge(address);
    if (!admitted) this.#refuse(address);
    return admitted;
  }

  #judge(address: string): boolean {
    const admitted = this.#blocks.check(address, 'ipv4');
    if (this.#verdicts.size >= VERDICTS_KEPT) this.#verdicts.clear();
    this.#verdicts.set(address, admitted);
    return admitted;
  }

  #refuse(address: string): void {
    this.#refused++;
    if (this.#told.size >= TOLD_MOST || this.#told.has(address)) return;
    this.#told.add(address);
    this.#onFirstRefusal(address);
  }
}
