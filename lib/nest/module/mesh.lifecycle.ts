import type { OnApplicationBootstrap, OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { isMeshBus } from '../../bus/is-mesh-bus.js';
import type { MeshBus } from '../../bus/mesh-bus.js';
import { MeshError } from '../../errors/mesh-error.js';
import type { MeshClient } from '../client/mesh.client.js';
import type { MeshLogger } from '../../options/mesh-logger.js';
import { tellFailedStart } from '../failed-start.js';
import type { MeshServer } from '../server/mesh.server.js';
import type { MeshExplorer } from './mesh.explorer.js';
import { callIfThere } from './overridden-bus.js';

/** `startAllMicroservices()` may come behind `listen()` and whatever an application awaits between. */
const PATIENCE_MS = 2000;

interface LifecycleParts {
  readonly bus: MeshBus;
  readonly server: MeshServer;
  readonly client: MeshClient;
  readonly explorer: MeshExplorer;
  readonly logger: MeshLogger | false;
}

/**
 * Opens the one bus that server and client share, and closes it behind both. Nest calls its `onApplicationShutdown`
 * after the server's `close`, and after the hooks of all that import the module: what these emit still goes out.
 * Any of the three may be a stub that a test put in its place, of which only what is there is called.
 */
export class MeshLifecycle implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  readonly #bus: MeshBus;
  readonly #server: MeshServer;
  readonly #client: MeshClient;
  readonly #explorer: MeshExplorer;
  readonly #logger: MeshLogger | false;
  #started: Promise<unknown> | undefined;
  #isEnding = false;
  #patience: NodeJS.Timeout | undefined;

  constructor({ bus, server, client, explorer, logger }: LifecycleParts) {
    this.#bus = bus;
    this.#server = server;
    this.#client = client;
    this.#explorer = explorer;
    this.#logger = logger;
  }

  /** Starts, and does not wait: what other providers do to initialise may take as long. */
  onModuleInit(): void {
    this.#explorer.bind();
    this.#started = Promise.resolve(callIfThere(this.#client, 'connect'));
    // The failure is thrown by the hook that waits for it.
    this.#started.catch(() => undefined);
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.#ready();
    clearTimeout(this.#patience);
    if (this.#isEnding || !isMeshBus(this.#bus)) return;
    this.#patience = setTimeout(() => {
      if (!this.#server.isListening) this.#explorer.warnOfUnreached();
    }, PATIENCE_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    this.#isEnding = true;
    clearTimeout(this.#patience);
    await callIfThere(this.#client, 'close');
    await callIfThere(this.#server, 'close');
    await callIfThere(this.#bus, 'close');
  }

  /** A signal may come while the application starts: that it is closed then is what was asked for. */
  async #ready(): Promise<void> {
    try {
      await this.#started;
    } catch (error) {
      if (this.#isEnding && error instanceof MeshError && error.code === 'MESH_ERR_CLOSED') return;
      tellFailedStart(this.#logger, error);
      throw error;
    }
  }
}
