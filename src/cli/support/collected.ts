import * as is from "../../base/schema.ts";

const text = is.text;

const collectedFile = is.object({
  /** In the bundle: words, dots, hyphens, and slashes between folders. */
  name: text,
  /** The command that wrote it, or the file that it is a copy of. */
  source: text,
  text,
  /** How many secrets were taken out. */
  redacted: is.whole(),
  /** What of the source is missing. */
  note: is.nullable(text),
});

export type CollectedFile = is.Described<typeof collectedFile>;

const missingFile = is.object({ name: text, source: text, why: text });

export type MissingFile = is.Described<typeof missingFile>;

/** The schema of what `cofferdam support --collect` prints, for its writer and reader. */
export const collected = is.object({
  files: is.list(collectedFile),
  missing: is.list(missingFile),
});

export type Collected = is.Described<typeof collected>;
