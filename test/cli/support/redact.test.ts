import { describe, expect, test } from "vitest";
import {
  countRedactions,
  redactJson,
  redactLines,
  redactText,
} from "../../../src/cli/support/redact/redact.ts";

/** Every one has this in it, and may not afterwards. */
const SECRET = "hUnter2";
const key = (kind: string, more = "") =>
  `-----BEGIN ${kind}PRIVATE KEY-----\n${more}MIIEhUnter2AAAAAAAAAA\nBBBBBBBBBBBBBBBB==\n`;

const hostile: readonly string[] = [
  // command lines
  "daemon --password=hUnter2 --verbose",
  "daemon --password hUnter2",
  "daemon --db-password 'hUnter2 with spaces'",
  'daemon --password="a \\" hUnter2"',
  "daemon -password hUnter2",
  "daemon --api_key=hUnter2",
  "daemon --accessKey hUnter2",
  "daemon --set dbPassword=hUnter2",
  "daemon pass=hUnter2",
  "mysql -u root -phUnter2 db",
  "/usr/bin/mysqldump -phUnter2",
  "sshpass -p hUnter2 ssh host",
  "curl -u me:hUnter2 https://host",
  "curl --user me:hUnter2 https://host",
  "redis-cli -a hUnter2 ping",
  "ldapsearch -x -w hUnter2 -b dc=x",
  "openssl rsa -passin pass:hUnter2",
  "smbclient -U me%hUnter2 //host/x",
  // environments
  "env DATABASE=hUnter2 daemon",
  "X_=1 PGPASS=hUnter2 psql",
  "FOO='hUnter2 and more'",
  "AWS_SECRET_ACCESS_KEY=hUnter2",
  "export HARMLESS_LOOKING=hUnter2",
  // addresses
  "postgres://me:hUnter2@host/db",
  "postgres://me:p@ss/hUnter2@host/db",
  "https://hUnter2@git.host/x.git",
  "amqp://:hUnter2@host",
  "see https://host/login?token=hUnter2&x=1",
  "jdbc:mysql://host/db?user=me&password=hUnter2",
  // files
  "password: hUnter2",
  "  db_password:   'hUnter2'   # ours",
  "variables: { token: hUnter2, other: 1 }",
  "secrets: [one, hUnter2, three]",
  "tokens:\n  - hUnter2\n  - other",
  "tokens:\n- hUnter2\nnext: 1",
  "secret: |\n  first\n  hUnter2\nnext: 1",
  "secret: >-\n\n  hUnter2",
  "client_secret = hUnter2",
  '{"clientSecret":"hUnter2"}',
  '{ "token" : "a\\"hUnter2" }',
  '"{\\"password\\":\\"hUnter2\\"}"',
  "<token>: hUnter2".replace("<", "").replace(">", ""),
  // headers
  "Authorization: Basic hUnter2hUnter2==",
  "Authorization: Custom a b hUnter2",
  "curl -H 'Cookie: a=1; sid=hUnter2; b=2'",
  "proxy-authorization: hUnter2",
  "it sent Bearer hUnter2.abc-def",
  // by their form
  "key eyJhbGciOiJI.eyJzdWIiOiJoVW50ZXIy.hUnter2",
  "ghp_hUnter2hUnter2hUnter2",
  "glpat-hUnter2hUnter2x",
  "xoxb-123-hUnter2hUnter2",
  "sk-live-hUnter2hUnter2hUnter2",
  "root:$6$salt$hUnter2/abc:19000:0",
  "$argon2id$v=19$m=65536$hUnter2",
  // private keys
  `${key("")}-----END PRIVATE KEY-----`,
  `${key("RSA ", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,AB\n\n")}-----END RSA ` +
    "PRIVATE KEY-----",
  `${key("OPENSSH ")}-----END OPENSSH PRIVATE KEY-----`,
  key("EC "),
  `${key("")}-----END PRIVATE KEY-----`.replaceAll("\n", "\\n"),
  "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: x-1\n\nlQOYhUnter2\n-----END PGP " +
    "PRIVATE KEY BLOCK-----",
];

test.each(hostile)("%j", (text) => {
  expect(text).toContain(SECRET);
  expect(redactText(text)).not.toContain(SECRET);
  expect(countRedactions(redactText(text))).toBeGreaterThan(0);
  const event = redactJson({ object: text, list: [text] });
  expect(JSON.stringify(event)).not.toContain(SECRET);
  if (!text.includes("\n")) expect(redactLines(text)).not.toContain(SECRET);
  // What is redacted already stays as it is.
  expect(redactText(redactText(text))).toBe(redactText(text));
});

test.each([
  "nginxDom(49): file = /etc/shadow (read): denied: no grant names it",
  "/etc/passwd: no such file",
  "files: [r /etc/passwd, r /etc/ssl/private/**]",
  "  - deny r /srv/secrets/**",
  "daemon --password-file /run/secrets/db --key-path=/etc/key",
  'syscalls: ["@system-service"]',
  "level: enforcing",
  "inherit: [stdio]",
  "connect tcp 10.0.0.0/8:8080",
  "Domain Name: nginxDom Domain ID :49 Enforcement Level: enforcing",
  "kernel    6.18.0 x86_64, Landlock ABI 7",
  "nginx: worker process -g daemon off;",
  "it began 2026-01-31T16:00:59.250Z",
  "2fa65eb44ac7b1f5 sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
])("what tells nothing stays: %s", (text) => {
  expect(redactText(text)).toBe(text);
  expect(redactLines(text)).toBe(text);
});

describe("who writes into a text", () => {
  test("cannot hide the lines of others by beginning something", () => {
    const lines = [
      "-----BEGIN PRIVATE KEY-----",
      "password: |",
      "  4711 evil",
      'token="',
      "-----END PRIVATE KEY-----",
      "99 next",
    ];
    expect(redactLines(lines.join("\n")).split("\n")).toHaveLength(6);
    expect(redactLines(lines.join("\n"))).toContain("4711 evil");
    expect(redactText("-----BEGIN PRIVATE KEY-----\nfiles: [r /x]\n")).toContain("files: [r /x]");
  });

  test("cannot make it take longer than its length", () => {
    const bulk = 300_000;
    for (const piece of [
      "a",
      "a.",
      "a://",
      "://@",
      "-----BEGIN PRIVATE KEY-----",
      "password=",
      "$6$",
      "eyJ",
      "token: [",
      '"',
      "\\",
      "--p ",
      "A=",
      " ",
    ]) {
      const text = piece.repeat(bulk / piece.length);
      expect(redactText(text).length).toBeGreaterThan(0);
      expect(redactLines(text).length).toBeGreaterThan(0);
    }
  });

  test("leaves a text of JSON what it was", () => {
    const event = { object: 'x --password=\\"a b\\" "', domain: "web", count: 3, none: null };
    expect(redactJson(event)).toEqual({ ...event, object: expect.stringContaining("[redacted]") });
    expect(redactJson({ apiToken: { a: ["b"] } })).toEqual({ apiToken: "[redacted]" });
  });
});

test("a line that is too long is cut, and says so", () => {
  expect(redactLines("x".repeat(100_000)).endsWith(" [cut]")).toBe(true);
});

test("a text keeps its number of lines", () => {
  const text = `a\n${key("")}-----END PRIVATE KEY-----\npassword: |\n  x\n  y\nb`;
  expect(redactText(text).split("\n")).toHaveLength(text.split("\n").length);
});
