import { KEY_HEAD_BYTES, KEYS_AT } from './batch-layout.js';
import { MAX_EVENT_DATAGRAM_BYTES } from './packet.js';
import { attachmentTlvBytes, TRAILER_BYTES } from './trailer-layout.js';

/**
 * Whether one event can be sent at all: alone in a datagram, with its data and metadata. A bare key of up to 1024
 * bytes always can.
 *
 * @param extraBytes what the datagram holds besides: see `clusterTlvBytes` and `askTlvBytes`
 */
export function eventFits(
  keyBytes: number,
  dataBytes: number | undefined,
  metadataBytes: number | undefined,
  extraBytes: number,
): boolean {
  const bodyBytes = KEYS_AT + KEY_HEAD_BYTES + keyBytes;
  const tailBytes = TRAILER_BYTES + extraBytes + attachmentTlvBytes(dataBytes) + attachmentTlvBytes(metadataBytes);
  return bodyBytes + tailBytes <= MAX_EVENT_DATAGRAM_BYTES;
}
