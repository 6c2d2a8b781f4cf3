/** What a bundle is made of, secrets taken out already. */
export interface Collected {
  readonly files: readonly CollectedFile[];
  readonly missing: readonly MissingFile[];
}

export interface CollectedFile {
  /** In the bundle: words, dots and hyphens, folders before a slash. */
  readonly name: string;
  /** The command that wrote it, or the file it is from. */
  readonly source: string;
  readonly text: string;
  /** Places where a secret was, or what looks like one. */
  readonly redacted: number;
  /** What it lacks of its source. */
  readonly note: string | null;
}

export interface MissingFile {
  readonly name: string;
  readonly source: string;
  readonly why: string;
}
