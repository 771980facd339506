import { answerCalls } from '../../support/answer-calls.mjs';
import { timePerCall } from './timing.mjs';

const { Glob } = await import('../../../dist/esm/delivery/glob.js');
const { PatternIndex } = await import('../../../dist/esm/delivery/pattern-index.js');

const { kind } = JSON.parse(process.argv[2]);
const EXACT = Array.from({ length: 900 }, (_, index) => `product:${index}`);
const GLOBS = Array.from({ length: 100 }, (_, index) => `tenant:${index}:*`);
const PATTERNS = [...EXACT, ...GLOBS];
/** Of four keys two match an exact pattern, one a glob, and one nothing. */
const KEYS = Array.from({ length: 1000 }, (_, index) => {
  if (index % 4 < 2) return `product:${(index * 7) % 900}`;
  return index % 4 === 2 ? `tenant:${index % 100}:user:${index}` : `unknown:${index}`;
});

const FINDERS = {
  index() {
    const index = new PatternIndex();
    PATTERNS.forEach((pattern, at) => index.add(pattern, at));
    return (key) => index.match(key);
  },
  scan() {
    const globs = PATTERNS.map((pattern) => new Glob(pattern));
    return (key) => globs.filter((glob) => glob.matches(key));
  },
};

const find = FINDERS[kind]();
const found = KEYS.reduce((sum, key) => sum + find(key).length, 0);
if (found !== 750) throw new Error(`${found} matches where 750 are right`);

answerCalls({
  time(count) {
    const time = timePerCall(count, (index) => find(KEYS[index % KEYS.length]));
    return { time, rate: 1e6 / time };
  },
});
