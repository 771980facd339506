import { describe, expect, it } from '@jest/globals';
import { receiveBufferAdvice, SOCKET_BUFFER_BYTES, usableBufferBytes } from '../../../lib/runtime/receive-buffer.js';

describe('usableBufferBytes', () => {
  it('is half of what Linux reports', () => {
    expect(usableBufferBytes(425_984, 'linux')).toBe(212_992);
  });

  it('is what others report', () => {
    expect(usableBufferBytes(786_896, 'darwin')).toBe(786_896);
  });
});

describe('receiveBufferAdvice', () => {
  it('is silent when the kernel gave what was asked for', () => {
    expect(receiveBufferAdvice(SOCKET_BUFFER_BYTES, SOCKET_BUFFER_BYTES, 'linux')).toBeUndefined();
  });

  it('names the sysctl and its value on Linux', () => {
    const advice = receiveBufferAdvice(212_992, SOCKET_BUFFER_BYTES, 'linux');
    expect(advice).toContain('212992 bytes and not 4194304');
    expect(advice).toContain('sysctl -w net.core.rmem_max=4194304');
  });

  it('names no sysctl of Linux elsewhere', () => {
    expect(receiveBufferAdvice(786_896, SOCKET_BUFFER_BYTES, 'darwin')).not.toContain('sysctl');
  });
});
