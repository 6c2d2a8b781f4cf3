import { REDACTED } from "./marker.ts";

/** Secrets that are recognised by their form. Each pattern takes linear time. */
const shapes: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // JSON Web Tokens (RFC 7519)
  [/\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)*/g, REDACTED],
  // Tokens with a prefix of their maker: GitHub, GitLab, Slack, Stripe and others, npm, PyPI,
  // Hugging Face, Vault, age.
  [
    /\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|sk-|[sr]k_(?:live|test)_|npm_|pypi-|hf_|hvs\.|dop_v1_|AGE-SECRET-KEY-1)[\w-]{10,}/g,
    REDACTED,
  ],
  [/\b(?:AKIA|ASIA)[A-Z\d]{16}\b/g, REDACTED],
  [/\bAIza[\w-]{30,}/g, REDACTED],
  // Hashed passwords (crypt(5))
  [/\$(?:1|2[abxy]?|5|6|7|y|gy|md5|sha1|argon2\w*|scrypt)\$[^\s:"']+/g, REDACTED],
  // RFC 6750 and 7617
  [/\b(Bearer|Basic|Digest)[ \t]+[\w.~+/=:-]{6,}/gi, `$1 ${REDACTED}`],
];

export function redactShapes(line: string): string {
  return shapes.reduce(
    (text, [pattern, replacement]) => text.replaceAll(pattern, replacement),
    line,
  );
}

/**
 * `scheme://user:password@host`, or a token in place of both. The last `@` of the word counts,
 * because a password may contain one.
 */
export function redactUrls(line: string): string {
  return line.replaceAll(/[^\s"'<>]+/g, (word) => {
    const from = word.indexOf("://");
    const at = word.lastIndexOf("@");
    return from < 0 || at < from ? word : `${word.slice(0, from + 3)}${REDACTED}${word.slice(at)}`;
  });
}

/** PEM and OpenPGP, also if the end is missing, or `\n` stands for newlines. */
const privateKey =
  /-----BEGIN [A-Z\d ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:(?:[^-]|-(?!----))*-----END [A-Z\d ]{0,40}PRIVATE KEY(?: BLOCK)?-----|(?:(?:\s|\\n)*[A-Za-z\d+/=]{16,})*)/g;

/** Keeps the number of lines. */
export function redactKeys(text: string): string {
  return text.replaceAll(
    privateKey,
    (block) => REDACTED + "\n".repeat(block.split("\n").length - 1),
  );
}
