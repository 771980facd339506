import { KEY_HEAD_BYTES, KEYS_AT } from './batch-layout.js';
import { MAX_EVENT_DATAGRAM_BYTES } from './packet.js';
import { attachmentTlvBytes, CLUSTER_TAG_BYTES, TLV_HEAD_BYTES, TRAILER_BYTES } from './trailer-layout.js';

/**
 * Whether one event can be sent at all: alone in a datagram, with its data and metadata. A bare key of up to 1024
 * bytes always can.
 *
 * @param clusterTagged whether the cluster has another name than `default`, which takes seven bytes
 */
export function eventFits(
  keyBytes: number,
  dataBytes: number | undefined,
  metadataBytes: number | undefined,
  clusterTagged: boolean,
): boolean {
  const clusterBytes = clusterTagged ? TLV_HEAD_BYTES + CLUSTER_TAG_BYTES : 0;
  const bodyBytes = KEYS_AT + KEY_HEAD_BYTES + keyBytes;
  const tailBytes = TRAILER_BYTES + clusterBytes + attachmentTlvBytes(dataBytes) + attachmentTlvBytes(metadataBytes);
  return bodyBytes + tailBytes <= MAX_EVENT_DATAGRAM_BYTES;
}
