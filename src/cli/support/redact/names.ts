/** A name with one of these words names a secret: `DB_PASSWORD`, `apiToken`, `--client-secret`. */
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

/** These parts count also without a boundary of words: `mysqlpassword`. */
const parts = /passw|passphrase|secret|token|credential|apikey|privkey/;

/** `access-key`, `private_key` and others name secrets; a key with one of these words does not. */
const publicKeys = new Set(["public", "pub", "host", "sort", "foreign", "primary", "known"]);

/** A name that ends with one of these says where a secret is, or how long it may be. */
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

/** Whether it has the form of an environment variable, whose value is never shown. */
export function isEnvironmentName(name: string): boolean {
  return /^[A-Z][A-Z\d_]+$/.test(name);
}
