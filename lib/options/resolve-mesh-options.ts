import { DEFAULT_MESH_LIMITS, DEFAULT_MESH_OPTIONS } from './default-mesh-options.js';
import type { MeshLimits } from './mesh-limits.js';
import { type MeshLogger, SILENT_LOGGER } from './mesh-logger.js';
import type { MeshOptions } from './mesh-options.js';
import {
  boundedText,
  cidrs,
  flag,
  hostEndpoint,
  interfaces,
  logger,
  multicastGroup,
  oneOf,
  type OptionCheck,
  seeds,
  wholeNumber,
} from './option-checks.js';
import { OptionMistakes } from './option-mistakes.js';
import { OptionReader } from './option-reader.js';
import type { ResolvedMeshOptions } from './resolved-mesh-options.js';
import { secret, secretMode } from './secret-checks.js';

/** Defaults that depend on who makes the bus. */
export interface MeshOptionDefaults {
  readonly selfDelivery?: boolean | undefined;
  /** Where messages go without the option `logger`; nowhere if this is left out too. */
  readonly logger?: MeshLogger | undefined;
}

/**
 * Parses options once: complete, checked, frozen, and nothing shared with the caller's object but the logger.
 *
 * @throws MeshError `MESH_ERR_CONFIG`, one for everything that is wrong
 */
export function resolveMeshOptions(
  options: MeshOptions | undefined,
  defaults: MeshOptionDefaults = {},
): ResolvedMeshOptions {
  const mistakes = new OptionMistakes();
  const given = new OptionReader(options ?? {}, '', mistakes);
  const fallback = DEFAULT_MESH_OPTIONS;
  const port = given.read('port', wholeNumber(1, 65_535), fallback.port);
  const resolved: ResolvedMeshOptions = {
    port,
    group: given.read('group', multicastGroup, fallback.group),
    interfaces: given.read('interface', interfaces, undefined),
    seeds: given.read('peers', seeds(port), Object.freeze([])),
    advertise: given.read('advertiseAddr', hostEndpoint, undefined),
    heartbeatMs: given.read('heartbeat', wholeNumber(100, 20_000), fallback.heartbeatMs),
    batchIntervalMs: given.read('batchInterval', wholeNumber(0, 10_000), fallback.batchIntervalMs),
    batchSize: given.read('batchSize', wholeNumber(1, 65_535), fallback.batchSize),
    startTimeoutMs: given.read('startTimeout', wholeNumber(0, 60_000), fallback.startTimeoutMs),
    cluster: given.read('cluster', boundedText(64), fallback.cluster),
    zone: given.read('zone', boundedText(32), undefined),
    secret: given.read('secret', secret, undefined),
    secretMode: given.read('secretMode', secretMode, fallback.secretMode),
    allow: given.read('allow', cidrs, undefined),
    selfDelivery: given.read('selfDelivery', flag, defaults.selfDelivery ?? fallback.selfDelivery),
    onIsolation: given.read('onIsolation', oneOf(['serve', 'flush']), fallback.onIsolation),
    multicastTtl: given.read('multicastTtl', wholeNumber(0, 255), fallback.multicastTtl),
    limits: given.read('limits', limits, DEFAULT_MESH_LIMITS),
    logger: given.read('logger', logger, defaults.logger ?? SILENT_LOGGER),
  };
  given.refuseOthers();
  if (given.hasRead('secretMode') && !given.hasRead('secret')) {
    mistakes.wrongOption('secretMode', 'says how a secret is used, and there is none: set secret, or leave it out');
  }
  mistakes.throwIfAny();
  return Object.freeze(resolved);
}

const limits: OptionCheck<MeshLimits> = (path, value, mistakes) => {
  const given = new OptionReader(value, path, mistakes);
  const bound = (name: keyof MeshLimits, least = 1, most?: number): number =>
    given.read(name, wholeNumber(least, most), DEFAULT_MESH_LIMITS[name]);
  const resolved: MeshLimits = {
    peers: bound('peers'),
    unverifiedPeers: bound('unverifiedPeers'),
    pendingKeys: bound('pendingKeys'),
    sendsInFlight: bound('sendsInFlight'),
    repairBytes: bound('repairBytes', 65_536, 2 ** 30),
    repairAge: bound('repairAge', 1000, 3_600_000),
    streamEvents: bound('streamEvents'),
    handlers: bound('handlers'),
    handlerEvents: bound('handlerEvents'),
  };
  given.refuseOthers();
  return Object.freeze(resolved);
};
