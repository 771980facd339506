import { describe, expect, it } from '@jest/globals';

import { MeshError } from '../../../lib/errors/mesh-error.js';

describe('MeshError', () => {
  it('is an error with a code, a message and a cause', () => {
    const cause = new Error('EADDRINUSE');
    const error = new MeshError('MESH_ERR_SOCKET', 'the socket was refused', { cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'MeshError',
      code: 'MESH_ERR_SOCKET',
      message: 'the socket was refused',
      cause,
    });
    expect(error.stack).toContain('mesh-error.spec');
  });

  it('has no cause where none was given', () => {
    expect('cause' in new MeshError('MESH_ERR_CLOSED', 'closed')).toBe(false);
  });

  it('is recognised by its brand, across copies of the library', () => {
    const foreign = Object.assign(new Error('of another copy'), { [Symbol.for('nestjs-mesh.error')]: true });
    expect(foreign instanceof MeshError).toBe(true);
    expect(new MeshError('MESH_ERR_CLOSED', 'closed') instanceof MeshError).toBe(true);
  });

  it.each([undefined, null, 'MeshError', 42, {}, new Error('other')])('is not %p', (value: unknown) => {
    expect(value instanceof MeshError).toBe(false);
  });
});
