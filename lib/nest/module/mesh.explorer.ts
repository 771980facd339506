import type { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { MeshBus } from '../../bus/mesh-bus.js';
import type { MeshLogger } from '../../options/mesh-logger.js';
import { type MeshMark, meshMarkKey } from '../decorators/on-mesh.decorators.js';
import { meshTransport } from '../mesh-transport.js';

// What Nest's decorators leave behind. Its two majors do not both export the keys.
const HANDLER_TYPE = 'microservices:handler_type';
const HANDLER_TRANSPORT = 'microservices:transport';
const EVENT_HANDLER = 2;

/** The mesh for which an application is explored. */
export interface ExploredMesh {
  readonly bus: MeshBus;
  readonly name: string | undefined;
  readonly logger: MeshLogger | false;
}

interface Method {
  readonly instance: object;
  readonly isSingleton: boolean;
  readonly name: string;
  readonly body: (...args: readonly unknown[]) => unknown;
}

type Wrappers = ReturnType<DiscoveryService['getProviders']>;

/** Finds what an application declares for a mesh: marked methods, which it binds to the bus, and event handlers. */
export class MeshExplorer {
  readonly #mesh: ExploredMesh;
  readonly #discovery: DiscoveryService;
  readonly #scanner: MetadataScanner;
  #bound = false;

  constructor(mesh: ExploredMesh, discovery: DiscoveryService, scanner: MetadataScanner) {
    this.#mesh = mesh;
    this.#discovery = discovery;
    this.#scanner = scanner;
  }

  /** Lets each marked method hear the bus. Once: `deferInitialization` makes Nest run its hooks twice. */
  bind(): void {
    if (this.#bound) return;
    this.#bound = true;
    for (const method of this.#methods([...this.#discovery.getProviders(), ...this.#discovery.getControllers()])) {
      if (this.#isMarked(method, 'resync')) this.#attach(method, (call) => this.#mesh.bus.onResync(call));
      if (this.#isMarked(method, 'matching')) this.#attach(method, (call) => this.#mesh.bus.onMatching(call));
    }
  }

  /** Tells, if so, that the application has event handlers which the mesh can not reach without its server. */
  warnOfUnreached(): void {
    const count = this.#countEventHandlers();
    if (count === 0) return;
    const { name } = this.#mesh;
    const connect = name === undefined ? 'connectMesh(app);' : `connectMesh(app, '${name}');`;
    this.#warn(
      `${count} event ${count === 1 ? 'handler hears' : 'handlers hear'} nothing from the mesh, as its server does not ` +
        `listen. Add before app.listen(): ${connect} await app.startAllMicroservices();`,
    );
  }

  #attach(method: Method, subscribe: (call: (event: unknown) => unknown) => void): void {
    const { instance, isSingleton, name, body } = method;
    if (isSingleton) subscribe((event) => Reflect.apply(body, instance, [event]));
    else this.#warn(`the mesh never calls ${instance.constructor.name}.${name}(): its class is not a singleton`);
  }

  #countEventHandlers(): number {
    const own = meshTransport(this.#mesh.name);
    let count = 0;
    for (const { body } of this.#methods(this.#discovery.getControllers())) {
      if (Reflect.getMetadata(HANDLER_TYPE, body) !== EVENT_HANDLER) continue;
      const wanted: unknown = Reflect.getMetadata(HANDLER_TRANSPORT, body);
      if (wanted === undefined || wanted === own) count++;
    }
    return count;
  }

  #isMarked({ body }: Method, mark: MeshMark): boolean {
    return Reflect.getMetadata(meshMarkKey(mark, this.#mesh.name), body) === true;
  }

  *#methods(wrappers: Wrappers): Generator<Method> {
    // An alias is a wrapper of its own around the same instance.
    const seen = new Set<unknown>();
    for (const wrapper of wrappers) {
      const instance: unknown = wrapper.instance;
      if (typeof instance !== 'object' || instance === null || seen.has(instance)) continue;
      seen.add(instance);
      const isSingleton = wrapper.isDependencyTreeStatic() && !wrapper.isTransient;
      const prototype = Object.getPrototypeOf(instance) as object | null;
      for (const name of this.#scanner.getAllMethodNames(prototype)) {
        const body: unknown = prototype === null ? undefined : Reflect.get(prototype, name);
        if (typeof body === 'function') yield { instance, isSingleton, name, body: body as Method['body'] };
      }
    }
  }

  #warn(message: string): void {
    if (this.#mesh.logger !== false) this.#mesh.logger.warn(message);
  }
}
