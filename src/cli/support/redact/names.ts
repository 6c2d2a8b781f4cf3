/** Words that make a name one of a secret: `DB_PASSWORD`, `apiToken`, `--client-secret`. */
const words = new Set([
  ...["pass", "passwd", "password", "passphrase", "pwd", "pw", "pin", "otp", "psk", "passcode"],
  ...[
    "secret",
    "secrets",
    "token",
    "tokens",
    "credential",
    "credentials",
    "creds",
    "auth",
    "authorization",
  ],
  ...[
    "bearer",
    "cookie",
    "cookies",
    "session",
    "sid",
    "jwt",
    "dsn",
    "salt",
    "sig",
    "signature",
    "apikey",
  ],
]);

/** Parts of words: what is written in one, as `mysqlpassword`. */
const parts = /passw|passphrase|secret|token|credential|apikey|privkey/;

/** `access-key`, `private_key`: a key of something, but for those that everybody may know. */
const publicKeys = new Set(["public", "pub", "host", "sort", "foreign", "primary", "known"]);

/** What only says where the secret lies, or how long it may be. */
const harmless = new Set([
  "file",
  "files",
  "path",
  "dir",
  "folder",
  "fd",
  "length",
  "len",
  "ttl",
  "type",
  "min",
  "max",
]);

/** Whether the value of a name like this is nobody's business. */
export function isSecretName(name: string): boolean {
  const split = name
    .replaceAll(/([a-z\d])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter((word) => word !== "");
  const last = split.at(-1) ?? "";
  if (split.length > 1 && harmless.has(last)) return false;
  const isKey = /^keys?$/.test(last) && split.length > 1 && !publicKeys.has(split.at(-2) ?? "");
  return isKey || split.some((word) => words.has(word) || parts.test(word));
}

/** A variable of an environment, as they are written by custom: whose values are never shown. */
export function isEnvironmentName(name: string): boolean {
  return /^[A-Z][A-Z\d_]+$/.test(name);
}
