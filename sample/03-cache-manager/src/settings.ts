import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FIVE_MINUTES_MS = 300_000;

/**
 * How long an entry may live: the bound of how stale it can be when nobody tells that it is, as the process that wrote
 * has died between its commit and its announcement.
 */
export const TTL_MS = Number(process.env.CACHE_TTL ?? FIVE_MINUTES_MS);

export const DATABASE_FILE = process.env.DATABASE_FILE ?? join(tmpdir(), 'nestjs-mesh-03-cache-manager.db');

export const INSTANCE = process.env.INSTANCE ?? 'alone';

/** How often a random product is read through the cache, in milliseconds; 0 is never. */
export const SAMPLE_EVERY_MS = Number(process.env.SAMPLE_EVERY ?? 50);

/** Where the page comes from that may read what this instance tells of itself. */
export const PANEL_ORIGIN = process.env.PANEL_ORIGIN;

/** Whether this instance dies when it is asked to: for a test of what happens then. */
export const MAY_CRASH = process.env.MAY_CRASH === 'yes';
