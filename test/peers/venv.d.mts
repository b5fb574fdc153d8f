export type Peer = "kserve" | "mlserver";
/** Why the peers cannot be had here; undefined = they can, as far as can be told without a network. */
export function whyNoPeers(): string | undefined;
/**
 * A virtual environment with one peer, made once and kept beside the installed packages; one process makes it, others wait.
 * @returns the path of its python
 * @throws when pip fails, with what it said last
 */
export function peerPython(peer: Peer, within: number): Promise<string>;
