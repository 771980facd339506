/** How many datagrams the whole of test/fuzz makes: a million, and ten of them by `npm run test:fuzz`. */
const ALL = Number(process.env.FUZZ_DATAGRAMS ?? 1_000_000);

/** Nodes do more with a datagram than the decoder: a tenth of all goes to them. */
export const NODE_DATAGRAMS = ALL / 10;
export const DECODER_DATAGRAMS = ALL - NODE_DATAGRAMS;

/** Another run, or a failure once more: `FUZZ_SEED=… npm run test:fuzz`. */
export const FUZZ_SEED = Number(process.env.FUZZ_SEED ?? 20_260_101);

/** For ten million on a slow machine. */
export const FUZZ_TIMEOUT_MS = 1_800_000;
