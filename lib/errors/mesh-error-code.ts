/** Every code that a `MeshError` can carry, with what it means and what to do. */
export const MESH_ERROR_CODES = {
  MESH_ERR_CONFIG: 'options are wrong: the message names each one, its value, and what would be right',
  MESH_ERR_NOT_STARTED: 'the bus was used before start(): call start() first',
  MESH_ERR_CLOSED: 'the bus was used after close(): make a new one',
  MESH_ERR_KEY: 'the key is empty, over 1024 bytes of UTF-8, not a string, or holds a lone surrogate',
  MESH_ERR_PATTERN: 'the pattern can not be used: empty, over 1024 bytes, not a string, or not well-formed text',
  MESH_ERR_ARGUMENT: 'an argument is of a wrong type or out of its range: the message names it',
  MESH_ERR_DATA: 'data or metadata can not be put on the wire: it does not serialise',
  MESH_ERR_DATA_TOO_LARGE: 'data and metadata, or a value of an answer, take more than 64 KiB',
  MESH_ERR_BACKPRESSURE:
    'events with data do not fit limits.pendingKeys, as more is waiting to be sent: wait for earlier publishes',
  MESH_ERR_QUORUM_NOT_SATISFIED:
    'fewer nodes than were asked for have dealt with the event: the receipt says which have, and which have not',
  MESH_ERR_NO_HANDLER: 'nobody in the mesh answers such a question',
  MESH_ERR_TIMEOUT: 'what was waited for did not happen in time',
  MESH_ERR_STREAM_OVERFLOW: 'the reader of a stream fell further behind than its buffer holds: events were dropped',
  MESH_ERR_PORT_IN_USE: 'the multicast port is held by a process that does not share it',
  MESH_ERR_SOCKET: 'the operating system refused a socket: the cause says why',
  MESH_ERR_UNSUPPORTED: 'the transport does not offer this',
} as const;

export type MeshErrorCode = keyof typeof MESH_ERROR_CODES;
