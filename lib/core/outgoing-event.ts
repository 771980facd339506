/** One event to send, checked and serialised by the caller: the core refuses nothing for its content. */
export interface OutgoingEvent {
  readonly kind: 'key' | 'matching';
  /** 1 to 1024 bytes of well-formed text. */
  readonly key: string;
  readonly data: Buffer | undefined;
  readonly metadata: Buffer | undefined;
}
