import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PasswdEntry } from "../../compile/accounts.ts";
import type { Entry } from "../../model/policy.ts";
import { entersInKernel } from "../engine.ts";
import { HostError } from "../host-error.ts";
import { inKernel, SSHD_PROGRAMS, SSHD_UNITS } from "../kept-outside.ts";
import { usablePolicies } from "../load.ts";
import { type Places, ROOTS_POLICIES, sessionPrograms } from "../places.ts";
import { dropInPath } from "../units/drop-in.ts";
import { judgeShell } from "./login-shells.ts";
import type { SshdWith } from "./sshd.ts";
import { readSshdConfiguration, SSHD_CONFIG, type SshdLine } from "./sshd-configuration.ts";
import { SSHD_DROP_IN, SSHD_FOLDER, wantedOfSshd } from "./sshd-drop-in.ts";

/** Accounts for which sshd is run; for all others it is enough that the drop-in comes first. */
const ACCOUNTS_ASKED_MAX = 50;

/**
 * Variables that a client may set in the login shell before the sandbox begins, as patterns of
 * AcceptEnv. Shells and the dynamic linker use them only for language and appearance.
 */
const harmless = new Set([
  "LANG",
  "LANGUAGE",
  "LC_*",
  "COLORTERM",
  "NO_COLOR",
  "TERM",
  "XMODIFIERS",
  "TZ",
]);

/**
 * Checks that with the drop-in every ssh login, of every user and from every address, enters the
 * sandbox.
 * @returns what the administrator must know, a sentence each
 * @throws HostError for anything that would let a login bypass it
 */
export function checkSshd(
  places: Places,
  sshd: SshdWith,
  administrators: readonly PasswdEntry[],
  accounts: readonly PasswdEntry[],
): readonly string[] {
  sshd.test();
  checkUnit();
  checkEntries(places);
  checkOptions();
  const lines = readSshdConfiguration(SSHD_CONFIG, sshd.files);
  checkPlace(lines);
  checkVariables(lines);
  checkKeys(lines);
  checkPam();
  for (const { name } of administrators)
    checkEffective(sshd, name, [...wantedOfSshd(places), "chrootdirectory none"]);
  const others = accounts
    .filter(({ shell }) => judgeShell(shell) !== "shut")
    .slice(0, ACCOUNTS_ASKED_MAX);
  for (const { name } of others) checkEffective(sshd, name, wantedOfSshd(places));
  return chroots(lines);
}

/** A session of an sshd in a domain is in that domain, and the session server refuses it. */
function checkUnit(): void {
  const unit = SSHD_UNITS.find((name) => existsSync(dropInPath(name)));
  if (unit === undefined) return;
  throw new HostError(
    `${unit} starts sshd in a domain, and sessions in a domain get no sandboxed shell`,
    `cofferdam unit disable ${unit} && systemctl restart ${unit}`,
  );
}

/** The agent leaves such an entry out once the setting is on; until then sshd enters by it. */
function checkEntries(places: Places): void {
  if (!entersInKernel(places)) return;
  const programs = SSHD_PROGRAMS.map(inKernel);
  const leadsIn = (entry: Entry) =>
    entry.kind === "unit"
      ? SSHD_UNITS.includes(entry.unit)
      : programs.includes(inKernel(entry.path));
  const found = usablePolicies(places).find(({ policy }) => policy.entries.some(leadsIn));
  if (found === undefined) return;
  throw new HostError(
    `sshd enters the domain ${found.name} in the kernel, and sessions in a domain get no ` +
      "sandboxed shell",
    `leave it out of \`enter\` in ${ROOTS_POLICIES}/${found.name}.yaml, then: ` +
      "cofferdam domain reload && systemctl restart ssh",
  );
}

/** No line before the drop-in may match a login. */
function checkPlace(lines: readonly SshdLine[]): void {
  const at = lines.findIndex(({ file }) => file === SSHD_DROP_IN);
  if (at < 0)
    throw new HostError(
      `${SSHD_CONFIG} does not include ${SSHD_FOLDER}`,
      `let its first line be: Include ${SSHD_FOLDER}/*.conf`,
    );
  const match = lines.slice(0, at).find(({ keyword }) => keyword === "match");
  if (match === undefined) return;
  throw new HostError(
    `${placeOf(match)}: this Match block comes before ${SSHD_DROP_IN} and could override it`,
    `put the block behind the line \`Include ${SSHD_FOLDER}/*.conf\`, or give its file a ` +
      "name that sorts behind",
  );
}

function checkVariables(lines: readonly SshdLine[]): void {
  for (const line of lines.filter(({ keyword }) => keyword === "acceptenv")) {
    const bad = line.args.find((pattern) => !harmless.has(pattern));
    if (bad === undefined) continue;
    throw new HostError(
      `${placeOf(line)}: \`AcceptEnv ${bad}\` lets a client set variables that a shell ` +
        "uses before the sandbox begins",
      `accept no more than ${[...harmless].join(" ")}`,
    );
  }
}

/**
 * A key may be for one command only. Cofferdam reads the command from the files of keys; for keys
 * from elsewhere it is unknown.
 */
function checkKeys(lines: readonly SshdLine[]): void {
  const elsewhere = ["authorizedkeyscommand", "trustedusercakeys"];
  const found = lines.find(
    ({ keyword, args }) => elsewhere.includes(keyword) && args[0]?.toLowerCase() !== "none",
  );
  if (found === undefined) return;
  throw new HostError(
    `${placeOf(found)}: a key that is not in a file may be for one command alone, and ` +
      "Cofferdam cannot find out which command",
    "keep keys in AuthorizedKeysFile, and remove this line",
  );
}

/** pam_env(8): variables from a file of the user's, LD_PRELOAD among them. */
function checkPam(folder = "/etc/pam.d"): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    if (!/^[^#\n]*pam_env\.so[^#\n]*user_readenv=1/m.test(readFileSync(file, "utf8"))) continue;
    throw new HostError(
      `${file}: user_readenv=1 lets users set variables that their shell uses before ` +
        "the sandbox begins",
      "remove it",
    );
  }
}

/** sshd's command line is not part of its configuration. */
function checkOptions(file = "/etc/default/ssh"): void {
  const options = existsSync(file)
    ? /^\s*SSHD_OPTS=["']?(.*?)["']?\s*$/m.exec(readFileSync(file, "utf8"))?.[1]
    : "";
  if (!/(^|\s)-[fo]/.test(options ?? "")) return;
  throw new HostError(
    `${file}: SSHD_OPTS gives sshd another configuration`,
    `write what it says into ${SSHD_CONFIG}`,
  );
}

function checkEffective(sshd: SshdWith, user: string, wanted: readonly string[]): void {
  const effective = new Set(sshd.effective(user));
  const missing = wanted.find((line) => !effective.has(line));
  if (missing === undefined) return;
  throw new HostError(
    `sshd would not apply \`${missing}\` to ${user}`,
    `look for another \`${missing.split(" ")[0]}\` before the line \`Include ` +
      `${SSHD_FOLDER}/*.conf\``,
  );
}

function chroots(lines: readonly SshdLine[]): readonly string[] {
  return lines
    .filter(
      ({ keyword, args }) => keyword === "chrootdirectory" && args[0]?.toLowerCase() !== "none",
    )
    .map(
      (line) =>
        `${placeOf(line)}: who gets this ChrootDirectory cannot log in any more, since ` +
        `${sessionPrograms("").login.slice(1)} is not in it`,
    );
}

function placeOf({ file, line }: SshdLine): string {
  return `${file}:${line}`;
}
