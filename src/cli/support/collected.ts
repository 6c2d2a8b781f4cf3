import * as is from "../../base/schema.ts";

const text = is.text;

const collectedFile = is.object({
  /** In the bundle: words, dots and hyphens, folders before a slash. */
  name: text,
  /** The command that wrote it, or the file it is from. */
  source: text,
  text,
  /** Places where a secret was, or what looks like one. */
  redacted: is.whole(),
  /** What it lacks of its source. */
  note: is.nullable(text),
});

export type CollectedFile = is.Described<typeof collectedFile>;

const missingFile = is.object({ name: text, source: text, why: text });

export type MissingFile = is.Described<typeof missingFile>;

/** As `cofferdam support --collect` prints it, for both sides. */
export const collected = is.object({
  files: is.list(collectedFile),
  missing: is.list(missingFile),
});

/** What a bundle is made of, secrets taken out already. */
export type Collected = is.Described<typeof collected>;
