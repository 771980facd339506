export { meshBusDriver } from './mesh-bus-driver.js';

export type { MeshBusDriver, MeshBusDriverOptions } from './mesh-bus-driver.js';
export type { BentoHandler, BentoTransport } from './bento-transport.js';
