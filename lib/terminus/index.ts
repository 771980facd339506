export { MeshHealthIndicator } from './mesh-health.indicator.js';
export type { MeshHealthOptions } from './mesh-health.indicator.js';
