/** What is asked of the kernel for each socket: some 1800 full datagrams, against 92 of Linux' default. */
export const SOCKET_BUFFER_BYTES = 4 * 1024 * 1024;

/** What a socket has, from what the operating system reports: Linux doubles it for its own bookkeeping. */
export function usableBufferBytes(reportedBytes: number, platform: NodeJS.Platform): number {
  return platform === 'linux' ? reportedBytes / 2 : reportedBytes;
}

/** What to tell an operator of a buffer that is smaller than asked for, if it is. */
export function receiveBufferAdvice(
  givenBytes: number,
  wantedBytes: number,
  platform: NodeJS.Platform,
): string | undefined {
  if (givenBytes >= wantedBytes) return undefined;
  const remedy =
    platform === 'linux'
      ? `on the host run: sysctl -w net.core.rmem_max=${wantedBytes}`
      : 'raise the limit of the operating system for the buffer of a socket';
  return (
    `the kernel gives a socket a receive buffer of ${givenBytes} bytes and not ${wantedBytes}, ` +
    `so bursts are lost while the process is busy: ${remedy}`
  );
}
