/** What a publisher wants to be told of an event by those who deal with it. */
export interface Ask {
  /** What the publisher calls its wait: 32 bits. */
  readonly token: number;
  /** Only nodes of this failure domain are asked. */
  readonly zone?: string | undefined;
}
