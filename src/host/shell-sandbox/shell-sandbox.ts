/**
 * The setting that puts every login of the host into domain `shell` (docs/shell.md). Its only state
 * is the configuration that sshd and systemd read: if a drop-in is removed by hand, the setting is
 * off. On: everything is tried before anything is changed. Off: files are removed, whatever else of
 * Cofferdam is broken or gone.
 */
import { spawnSync } from "node:child_process";
import { lstatSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { hostAccounts } from "../../compile/accounts.ts";
import { hasError } from "../../diagnostics/diagnostic.ts";
import { hasCode } from "../../kernel/errno-error.ts";
import { type PreparedFile, syncFolder } from "../../kernel/replace-file.ts";
import { compileDomain } from "../compile-domain.ts";
import { HostError } from "../host-error.ts";
import { type Places, sessionPrograms } from "../places.ts";
import { runsSystemd } from "../service-unit.ts";
import type { PreparedChange } from "../setting-change.ts";
import { makeFolder, modesFor, prepareWhole } from "../write-whole.ts";
import { administrators, checkShells } from "./administrators.ts";
import { consoleAccounts, consoleDropIn, consoleDropIns } from "./console.ts";
import { isRootsAlone } from "./login-shells.ts";
import { requireAgent, requireKept, withServer } from "./session-server.ts";
import { requireSshd, SshdWith } from "./sshd.ts";
import { checkSshd } from "./sshd-checks.ts";
import { SSHD_DROP_IN, sshdDropIn } from "./sshd-drop-in.ts";
import { tryLogin } from "./trial.ts";

const DOMAIN = "shell";

/** `half`: some drop-in is missing, or differs from what would be written now. */
export function shellSandboxState(places: Places): "on" | "off" | "half" {
  const wanted = [
    ...consoleDropIns().map((path) => [path, consoleDropIn(places)] as const),
    sshdPart(places),
  ];
  const found = wanted.map(([path]) => textOf(path));
  if (found.every((text) => text === null)) return "off";
  return found.every((text, at) => text === wanted[at]?.[1]) ? "on" : "half";
}

/**
 * Tries everything that logins will need, and changes nothing yet.
 * @param asker user id of the administrator that asks
 * @throws HostError that names the obstacle
 */
export async function prepareOn(places: Places, asker: number): Promise<PreparedChange> {
  requireSshd();
  const accounts = hostAccounts().users;
  checkShells(accounts);
  const admins = administrators(accounts, asker);
  const sshd = new SshdWith(sshdDropIn(places));
  let remarks: readonly string[];
  try {
    remarks = checkSshd(places, sshd, admins, accounts);
  } finally {
    sshd.remove();
  }
  requireProgram(sessionPrograms(places.home).login);
  await checkDomain(places, admins[0]?.name ?? "root");
  await requireAgent(places);
  requireAtBoot();
  await withServer(places, () => {
    for (const account of admins) tryLogin(places, account);
  });
  const files = [
    ...consoleAccounts(places),
    ...consoleDropIns().map((path) => [path, consoleDropIn(places)] as const),
    sshdPart(places),
  ];
  return {
    ...placing(files, () => requireKept(places)),
    isRescue: false,
    next: [...remarks, restartWords("in the sandbox")],
  };
}

/** Needs no agent, no session server and no room on the disk. */
export function prepareOff(): PreparedChange {
  // sshd's is removed first: most administrators come back that way. The files that the drop-ins
  // bind stay: until systemd reads its configuration again (daemon-reload) no getty starts without
  // them.
  const files = [SSHD_DROP_IN, ...consoleDropIns()];
  return {
    isRescue: true,
    place: async () => {
      const left = files.flatMap((path) => remove(path) ?? []);
      for (const path of consoleDropIns()) removeIfEmpty(dirname(path));
      if (left.length === 0) return;
      throw new HostError(
        `cannot be removed: ${left.join(", ")}`,
        "remove them by hand, then restart ssh; mount -o remount,rw / where the disk is read-only",
      );
    },
    discard: () => undefined,
    next: [restartWords("as before")],
  };
}

/**
 * All files at once: what may fail for want of room fails before the first has its name, and a
 * failure after that leaves no new file.
 */
function placing(
  files: readonly (readonly [string, string])[],
  confirm: () => Promise<void>,
): Pick<PreparedChange, "place" | "discard"> {
  const prepared: (readonly [string, PreparedFile])[] = [];
  const discard = (): void => {
    for (const [, file] of prepared) file.discard();
    for (const path of consoleDropIns()) removeIfEmpty(dirname(path));
  };
  try {
    for (const [path, text] of files) {
      makeFolder(dirname(path), modesFor(0));
      prepared.push([path, prepareWhole(path, Buffer.from(text), modesFor(0))]);
    }
  } catch (error) {
    discard();
    throw error;
  }
  return {
    discard,
    place: async () => {
      const made: string[] = [];
      try {
        for (const [path, file] of prepared) {
          if (textOf(path) === null) made.push(path);
          file.place(path);
          syncFolder(dirname(path));
        }
        await confirm();
      } catch (error) {
        for (const path of made) remove(path);
        discard();
        throw error;
      }
    },
  };
}

function sshdPart(places: Places): readonly [string, string] {
  return [SSHD_DROP_IN, sshdDropIn(places)];
}

/** null for a missing file and for a link. */
function textOf(path: string): string | null {
  try {
    return lstatSync(path).isFile() ? readFileSync(path, "utf8") : null;
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return null;
    throw error;
  }
}

/** Returns the error, or null once the file is gone. */
function remove(path: string): string | null {
  try {
    rmSync(path, { force: true });
    return null;
  } catch (error) {
    if (error instanceof Error && "code" in error) return `${path} (${error.code})`;
    throw error;
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!hasCode(error, "ENOENT", "ENOTDIR", "ENOTEMPTY", "EROFS")) throw error;
  }
}

/**
 * sshd writes the name into a shell's command line. A user that could change the program could act
 * as every user.
 */
function requireProgram(login: string): void {
  const help = "install Cofferdam where root alone may write, /usr/lib/cofferdam say";
  if (textOf(login) === null)
    throw new HostError(`there is no ${login}`, "build it: npm run setup");
  if (!/^[\w/.+-]+$/.test(login))
    throw new HostError(`${login} has characters with a special meaning in a shell`, help);
  if (!isRootsAlone(login)) throw new HostError(`others than root may change ${login}`, help);
}

/** If the agent does not start with the host, no login works after the next restart. */
function requireAtBoot(): void {
  if (!runsSystemd()) return;
  const { status } = spawnSync("systemctl", ["--quiet", "is-enabled", "cofferdam-agent.service"]);
  if (status === 0) return;
  throw new HostError(
    "the agent does not start at boot, and no user can log in without it",
    "systemctl enable --now cofferdam-agent",
  );
}

async function checkDomain(places: Places, user: string): Promise<void> {
  const { plan, diagnostics } = await compileDomain(
    places,
    { name: DOMAIN },
    { effect: "look", set: { user } },
  );
  if (plan !== null) return;
  const [first] = diagnostics.filter((diagnostic) => hasError([diagnostic]));
  throw new HostError(
    `the domain \`${DOMAIN}\` cannot be enforced on this host: ` +
      `${first?.message ?? "its policy does not load"}`,
    `cofferdam plan ${DOMAIN} --set user=${user} shows more`,
  );
}

function restartWords(how: string): string {
  const restart = runsSystemd()
    ? "systemctl daemon-reload && systemctl restart ssh"
    : "restart sshd";
  return (
    `for logins to come to start ${how}: ${restart}; a console follows at its next prompt, ` +
    "and sessions that are open stay as they are"
  );
}
