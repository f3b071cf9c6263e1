/**
 * What a local file system needs kept for it. Declared here because `vfs` imports nothing above it; `state` implements
 * it durably and `server` wires the two.
 */

/** One place where a file was seen: its name in the directory with this index key. */
export interface Place {
  readonly parent: Buffer;
  readonly name: Buffer;
}

/**
 * Where files are, for a server that may not open them by kernel handle: key (inode number and birth time) to places.
 * A file with several hard links has several places.
 */
export interface HandleIndex {
  places(key: Buffer): Place[];
  /** Done when this returns: a crash of the process afterwards does not lose it. Adding what is there is no change. */
  add(entries: readonly { readonly key: Buffer; readonly place: Place }[]): void;
  remove(key: Buffer, place: Place): void;
}

/** The write verifier (RFC 1813 §3.3.7): the same for as long as no UNSTABLE write can have been lost. */
export interface VerifierSource {
  /** 8 bytes. */
  readonly current: Buffer;
  /** Data may have been lost (a flush failed): `current` is another, for good, also after a restart. */
  advance(): void;
}
