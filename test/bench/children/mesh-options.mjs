/** A mesh that only the processes of one contestant take part in. */
export function meshOptions(port, secret) {
  return { cluster: 'bench', port, interface: 'lo', logger: false, secret };
}
