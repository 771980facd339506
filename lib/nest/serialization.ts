import { isUint8Array } from 'node:util/types';
import type { Deserializer, Serializer } from '@nestjs/microservices';
import { isMeshBus } from '../bus/is-mesh-bus.js';
import type { MeshBus } from '../bus/mesh-bus.js';
import { rawData } from '../bus/raw-data.js';
import { MeshError } from '../errors/mesh-error.js';
import type { MeshOptions } from '../options/mesh-options.js';
import type { MeshSource } from './bus-link.js';

/** How data are written and read, where JSON is not wanted. Other nodes of the mesh have to do the same. */
export interface MeshSerializationOptions {
  /**
   * Its `serialize({ pattern, data }, { metadata })` says what travels as data of an event that a client emits, of a request
   * that it sends, or as a value of an answer, or a promise of it: a `Buffer` or `Uint8Array` as it is, all else as JSON, `undefined` and `null` not at all. A bare key
   * never comes to it. Default none: data as JSON.
   */
  readonly serializer?: Serializer | undefined;
  /**
   * Its `deserialize(value, { channel, metadata })` says what handlers get, or a promise of it: the payload itself, or a
   * packet `{ pattern, data }`, as Nest's own deserializers return it. The value is what the serializer of the publisher
   * has returned, `channel` the key. A bare key never comes to it. Default none: data as they came.
   *
   * An event whose data it fails to read is handed on as a bare key, since a cache has to drop the key all the same; a
   * request fails.
   */
  readonly deserializer?: Deserializer | undefined;
}

/** Options of a `MeshServer`, a `MeshClient` and of `MeshModule`: those of the bus, and how its data are written. */
export interface MeshTransportOptions extends MeshOptions, MeshSerializationOptions {}

/** The same as Nest's bases take it: what is not given is not there. */
interface Serialization {
  readonly serializer?: Serializer;
  readonly deserializer?: Deserializer;
}

interface Separated<Source, Rest> {
  readonly source: Source;
  readonly serialization: Rest;
}

/**
 * Takes apart what a server or a client is made of: the bus, or its options, do not know of serializers.
 *
 * @param settings win over the options
 * @throws MeshError `MESH_ERR_CONFIG` a serializer or deserializer is none
 */
export function separate(
  source: MeshTransportOptions | MeshBus | undefined,
  settings: MeshSerializationOptions = {},
): Separated<MeshSource, Serialization> {
  if (isMeshBus(source)) return { source, serialization: checked(settings) };
  const separated = separateOptions(source);
  const { serializer, deserializer } = separated.serialization;
  const serialization = {
    serializer: settings.serializer ?? serializer,
    deserializer: settings.deserializer ?? deserializer,
  };
  return { source: separated.source, serialization: checked(serialization) };
}

/** The same of options alone, unchecked. */
export function separateOptions(
  options: MeshTransportOptions | undefined,
): Separated<MeshOptions, MeshSerializationOptions> {
  const { serializer, deserializer, ...source } = options ?? {};
  return { source, serialization: { serializer, deserializer } };
}

/** What a serializer has returned, as the bus takes it. */
export function travelling(value: unknown): unknown {
  return isUint8Array(value) ? rawData(value) : value;
}

/** Nest's deserializers return a packet, others what is in it. */
export function payloadIn(result: unknown): unknown {
  const isPacket = typeof result === 'object' && result !== null && 'pattern' in result && 'data' in result;
  return isPacket ? result.data : result;
}

function checked(options: MeshSerializationOptions): Serialization {
  const { serializer, deserializer } = options;
  checkMethod('serializer', serializer, 'serialize');
  checkMethod('deserializer', deserializer, 'deserialize');
  return { ...(serializer && { serializer }), ...(deserializer && { deserializer }) };
}

function checkMethod(option: string, value: unknown, method: string): void {
  if (value === undefined) return;
  const isObject = typeof value === 'object' && value !== null;
  if (isObject && typeof Reflect.get(value, method) === 'function') return;
  const what = isObject ? `has no method ${method}()` : `is ${value === null ? 'null' : typeof value}`;
  throw new MeshError('MESH_ERR_CONFIG', `${option} ${what}: it must be an object with a method ${method}()`);
}
