/** Names and values that travel with an event, such as a trace's `traceparent`. */
export type MeshMetadata = Readonly<Record<string, string>>;

/** One key that was published, as its subscribers see it. Frozen; all subscribers of one event share its data. */
export interface MeshEvent {
  /** The published key: always literal, never a pattern. */
  readonly key: string;
  /**
   * What was published with the key; `undefined` for a bare key, and for data that can not be read. A `Buffer` where a
   * Nest serializer of the publisher has made bytes, else what JSON can say.
   */
  readonly data: unknown;
  /** Id of the bus that published, a UUID. */
  readonly origin: string;
  /** Failure domain of the bus that published. */
  readonly zone: string | undefined;
  /** Empty when there is none. */
  readonly metadata: MeshMetadata;
  /** Number of the datagram, of its origin's, that brought the event. 0 for own events and those of v1 nodes. */
  readonly sequence: number;
}

/** "All keys that match", as `publishMatching` says it. It is no key, and reaches no subscriber of keys. */
export interface MeshMatchingEvent {
  /** A Redis glob. */
  readonly pattern: string;
  /** Id of the bus that published, a UUID. */
  readonly origin: string;
  /** Failure domain of the bus that published. */
  readonly zone: string | undefined;
  /** As in {@link MeshEvent}. */
  readonly sequence: number;
  /** Whether the pattern covers the key. */
  matches(key: string): boolean;
}
