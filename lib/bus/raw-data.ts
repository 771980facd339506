/** Marks bytes for every copy of this library that a process may have loaded. */
const RAW_DATA = Symbol.for('nestjs-mesh.raw-data');

/** No JSON text begins with this byte: what kind of data came is seen, and not guessed from whether it can be parsed. */
const RAW_MARK = Buffer.of(0);

/** Bytes that a Nest serializer made, as `data` for `publish`. For the library itself: a user's data are always JSON. */
export function rawData(bytes: Uint8Array): unknown {
  return { [RAW_DATA]: bytes };
}

/** What travels as data for bytes that came from {@link rawData}: a copy. `undefined` for all other data. */
export function encodeRawData(data: unknown): Buffer | undefined {
  if (typeof data !== 'object' || data === null || !(RAW_DATA in data)) return undefined;
  return Buffer.concat([RAW_MARK, data[RAW_DATA] as Uint8Array]);
}

/** The bytes again, a copy, if that is what came as data; `undefined` for JSON. */
export function decodeRawData(data: Buffer): Buffer | undefined {
  return data[0] === RAW_MARK[0] ? Buffer.from(data.subarray(RAW_MARK.length)) : undefined;
}
