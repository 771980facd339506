import type { MeshLogger, MeshOptions } from 'nestjs-mesh';
import { Inbox } from '../../support/inbox.js';
import { randomPort } from '../../support/random-port.js';

/** A mesh of its own for each spec: loopback only, and a port of its own. */
export function loopback(): MeshOptions & { readonly port: number } {
  return { interface: 'lo', port: randomPort(), cluster: 'spec', logger: false };
}

/** For a node that is there first: it need not wait to see whether anyone answers. */
export const unawaited = { peers: ['127.0.0.1:9'], startTimeout: 0 } as const;

/** For one node alone. */
export function alone(): MeshOptions & { readonly port: number } {
  return { ...loopback(), ...unawaited, group: false };
}

/** A logger that keeps what is said. */
export function listeningLogger(): MeshLogger & { readonly said: Inbox<string> } {
  const said = new Inbox<string>();
  const at =
    (level: string) =>
    (message: string): void =>
      said.add(`${level}: ${message}`);
  return { said, error: at('error'), warn: at('warn'), log: at('log') };
}
