import type { OnApplicationBootstrap, OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { MeshBus } from '../../bus/mesh-bus.js';
import type { MeshClient } from '../client/mesh.client.js';
import type { MeshServer } from '../server/mesh.server.js';
import type { MeshExplorer } from './mesh.explorer.js';

/** `startAllMicroservices()` may come behind `listen()` and whatever an application awaits between. */
const PATIENCE_MS = 2000;

/**
 * Opens the one bus that server and client share, and closes it behind both. Nest calls its `onApplicationShutdown`
 * after the server's `close`, and after the hooks of all that import the module: what these emit still goes out.
 */
export class MeshLifecycle implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  readonly #bus: MeshBus;
  readonly #server: MeshServer;
  readonly #client: MeshClient;
  readonly #explorer: MeshExplorer;
  #started: Promise<void> | undefined;
  #patience: NodeJS.Timeout | undefined;

  constructor(bus: MeshBus, server: MeshServer, client: MeshClient, explorer: MeshExplorer) {
    this.#bus = bus;
    this.#server = server;
    this.#client = client;
    this.#explorer = explorer;
  }

  /** Starts, and does not wait: what other providers do to initialise may take as long. */
  onModuleInit(): void {
    this.#explorer.bind();
    this.#started = this.#client.connect();
    // The failure is thrown by the hook that waits for it.
    this.#started.catch(() => undefined);
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.#started;
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => {
      if (!this.#server.isListening) this.#explorer.warnOfUnreached();
    }, PATIENCE_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearTimeout(this.#patience);
    await this.#client.close();
    await this.#server.close();
    await this.#bus.close();
  }
}
