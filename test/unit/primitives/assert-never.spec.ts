import { describe, expect, it } from '@jest/globals';

import { assertNever } from '../../../lib/primitives/assert-never.js';

describe('assertNever', () => {
  it('is loud about a variant that nobody handles', () => {
    expect(() => assertNever({ kind: 'new' } as never)).toThrow('unhandled variant: {"kind":"new"}');
  });
});
