// Lets Node run the sources as they are, as Jest does: `node --import ./tools/typescript.mjs file.ts`.
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
