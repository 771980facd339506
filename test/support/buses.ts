import { MeshBus, type MeshOptions } from 'nestjs-mesh/bus';

/** Buses that are closed together behind each spec, so that a failing one leaves no socket open. */
export class Buses {
  readonly #open: MeshBus[] = [];

  /** A bus on loopback that says nothing, not yet started. */
  make(options: MeshOptions): MeshBus {
    const bus = new MeshBus({ interface: 'lo', logger: false, ...options });
    this.#open.push(bus);
    return bus;
  }

  async start(options: MeshOptions): Promise<MeshBus> {
    const bus = this.make(options);
    await bus.start();
    return bus;
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((bus) => bus.close()));
  }
}
