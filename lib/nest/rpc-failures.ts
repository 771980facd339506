/** What Nest's own transports answer where there is no handler: a text of its own, which it does not export. */
export const NO_MESSAGE_HANDLER = 'There is no matching message handler defined in the remote service.';

/** A failure as Nest's own filter shows one that is nobody else's business. */
export const HIDDEN_FAILURE = Object.freeze({ status: 'error', message: 'Internal server error' });
