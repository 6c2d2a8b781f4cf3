import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { PUBLIC_FILE } from "../../src/base/modes.ts";
import { load } from "../../src/host/load.ts";
import { alternatives, literalPrefix, parsePattern } from "../../src/model/pattern.ts";
import { Permission } from "../../src/model/permission.ts";
import { printPolicy } from "../../src/policy/print.ts";
import { filesLike } from "../house/tree.ts";
import { Caller } from "./command-line.ts";

const caller = new Caller();
afterAll(() => caller.remove());

const shipped = filesLike([".yaml"], ["domains/"]).filter(
  (file) => !file.includes("/abstractions/") && !file.includes("/cases/"),
);
const change = Permission.write | Permission.create | Permission.delete | Permission.attributes;

/**
 * Folders that many daemons share: changing all names in one of them would reach the others' files.
 */
const shared = [
  "/",
  "/dev",
  "/dev/shm",
  "/etc",
  "/home",
  "/proc",
  "/run",
  "/srv",
  "/sys",
  "/tmp",
  "/usr",
  "/var",
  "/var/lib",
  "/var/log",
  "/var/tmp",
];

/** Templates are looked at as one of their instances. */
const instanceOf = (file: string): Readonly<Record<string, string>> =>
  file.endsWith("@.yaml") ? { instance: "one" } : {};

/** Of a user whose package is not installed here. */
const NO_SUCH_USER = "CFD2021";
/** A grant below /proc that a sealed domain does not get: the daemon would miss what it needs. */
const LOST_BELOW_PROC = "CFD2048";

/** A `check` looks at every domain of the host: one of all of them instead of one of each. */
async function checked(files: readonly string[]) {
  const isTemplate = (file: string) => file.endsWith("@.yaml");
  const runs = [
    ["check", "--json", ...files.filter((file) => !isTemplate(file))],
    ...files.filter(isTemplate).map((file) => ["check", "--json", "--set", "instance=one", file]),
  ];
  const faults: object[] = [];
  for (const words of runs) {
    const { status, out, err } = await caller.run(words);
    expect(err).toBe("");
    const told = out
      .split("\n")
      .filter((line) => line !== "")
      .map((line): { severity: string; code: string } => JSON.parse(line));
    const failed = told.filter(({ severity }) => severity === "error");
    expect(status).toBe(failed.length > 0 ? 1 : 0);
    faults.push(...failed.filter(({ code }) => code !== NO_SUCH_USER));
    faults.push(...told.filter(({ code }) => code === LOST_BELOW_PROC));
  }
  return faults;
}

test("no shipped domain has an error, or a grant that is lost below /proc", async () => {
  expect(shipped.length).toBeGreaterThan(70);
  expect(await checked(shipped)).toEqual([]);
});

test("printed, none has one either", async () => {
  const printed = shipped.map((file) => {
    const { policy } = load(caller.places, { file }, instanceOf(file));
    if (policy === null) throw new Error(`${file} does not load`);
    const at = join(caller.folder, `${policy.name}.yaml`);
    writeFileSync(at, printPolicy(policy), { mode: PUBLIC_FILE });
    return at;
  });
  expect(await checked(printed)).toEqual([]);
});

const shares: Readonly<Record<string, string>> = {
  // Users' sessions are in the domain of sshd, with their files.
  "domains/sshd.yaml": "/home",
  // A user says in ~/.forward where their mail goes.
  "domains/exim4.yaml": "/home",
  // A folder for each start, by the process's number; the unit makes /tmp private.
  "domains/nsd.yaml": "/tmp",
  // They tell which processes a host has, and what these use.
  "domains/snmpd.yaml": "/proc",
  "domains/collectd.yaml": "/proc",
  "domains/prometheus-process-exporter.yaml": "/proc",
  // Users' files are what they serve, but for those with a dot.
  "domains/proftpd.yaml": "/home",
  "domains/vsftpd.yaml": "/home",
  "domains/postfix.yaml": "/home",
  // Mails, in folders of these names alone.
  "domains/dovecot.yaml": "/home",
  "domains/samba.yaml": "/home",
  // It answers a client whose start it knows, of which ps(1) tells anyone.
  "domains/virtlogd.yaml": "/proc",
  // What a user has set for their own mail, and what was learned from it.
  "domains/spamd.yaml": "/home",
};

/** Of a name in a shared folder: as many letters of the daemon's own before what varies. */
const OWN_LETTERS_MIN = 3;

test.each(shipped)("%s changes nothing in shared folders but names of its own", (file) => {
  const { policy } = load(caller.places, { file }, instanceOf(file));
  const wide = policy?.names
    .filter(
      ({ effect, permissions }) =>
        effect === "allow" && (permissions & (change | Permission.read)) !== 0,
    )
    .flatMap(({ pattern }) => {
      const parsed = parsePattern(pattern);
      if ("problem" in parsed) return [pattern];
      return alternatives(parsed.pattern).filter((name) => variesInShared(file, name));
    });
  expect(policy?.names.length).toBeGreaterThan(0);
  expect(wide).toEqual([]);
});

function variesInShared(file: string, name: string): boolean {
  const parsed = parsePattern(name);
  if ("problem" in parsed) throw new Error(`${name} is no pattern`);
  const prefix = literalPrefix(parsed.pattern);
  return (
    prefix !== name &&
    shared.includes(prefix) &&
    shares[file] !== prefix &&
    !hasOwnLetters(name.slice(prefix.length))
  );
}

/**
 * A name that varies, as `/PostgreSQL.*`; below a folder that does, one name only. Two letters are
 * enough before the six of mkstemp(3), which makes no file that is there, also with an ending.
 */
const hasOwnLetters = (rest: string): boolean =>
  new RegExp(`^/[\\w.#-]{${OWN_LETTERS_MIN},}[^/]*(/[\\w.-]+)?$`).test(rest) ||
  /^\/\w{2}\?{6}(?:\.\*)?$/.test(rest);

test.each(shipped)("%s lets nothing be both written and executed", (file) => {
  const { policy } = load(caller.places, { file }, instanceOf(file));
  const both = policy?.names.filter(
    ({ effect, permissions }) =>
      effect === "allow" &&
      (permissions & Permission.execute) !== 0 &&
      (permissions & change) !== 0,
  );
  expect(both).toEqual([]);
});
