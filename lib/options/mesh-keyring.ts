/**
 * Several secrets at once, so that one can be rotated while the mesh runs: give every node the new secret beside the
 * old one, then make it the primary everywhere, then leave the old one out.
 */
export interface MeshKeyring {
  /** Name of the secret that this node seals with. It opens with all of them. */
  readonly primary: string | number;
  /**
   * 1 to 16 secrets, each of 16 to 1024 bytes, by names of this node's own: they are not sent, and may differ between
   * nodes. No two secrets may be the same.
   */
  readonly keys: Readonly<Record<string | number, string | Uint8Array>>;
}
