/** Something did not come out as it must, and the message says it all. */
export class Failure extends Error {
  override readonly name = 'Failure';
}
