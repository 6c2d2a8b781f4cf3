import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Places, sessionPrograms } from "../places.ts";
import { modesFor, writeWhole } from "../write-whole.ts";

const units = ["getty@", "serial-getty@", "console-getty", "container-getty@"];

const PASSWD = "/etc/passwd";
const NAME_SERVICES = "/etc/nsswitch.conf";
/**
 * Accounts with these shells have no login, and keep that. Every other shell, existing or not, is
 * replaced by the sandbox.
 */
const noLogin = new Set(["/usr/sbin/nologin", "/sbin/nologin", "/usr/bin/false", "/bin/false"]);

/** The text that each file must have, by its absolute name. */
export type Files = ReadonlyMap<string, string>;

export function consoleDropIns(): readonly string[] {
  return units.map((unit) => `/etc/systemd/system/${unit}.service.d/50-cofferdam-shell.conf`);
}

/**
 * For login(1), instead of the host's accounts and name services. Not in the runtime folder: a
 * console may prompt for a name before any part of Cofferdam runs.
 */
function consoleFiles(places: Places): { readonly passwd: string; readonly nameServices: string } {
  const folder = join(dirname(places.system.numbers), "console");
  return { passwd: join(folder, "passwd"), nameServices: join(folder, "nsswitch.conf") };
}

/**
 * Only what login(1) starts differs: no start-up file of a shell is read before the sandbox, and
 * open sessions see nothing of it.
 */
export function consoleDropIn(places: Places): string {
  const { passwd, nameServices } = consoleFiles(places);
  const services = existsSync(NAME_SERVICES)
    ? [`BindReadOnlyPaths=${nameServices}:${NAME_SERVICES}\n`]
    : [];
  return [
    "# Every login at a console starts in Cofferdam's domain `shell`: cofferdam settings " +
      "set /UserVars/ShellSandboxEnabled 0 takes it back.\n",
    "# Where that cannot be said: remove this file, then systemctl daemon-reload.\n",
    "[Service]\n",
    `BindReadOnlyPaths=${passwd}:${PASSWD}\n`,
    ...services,
    "# The cache of name services would answer with the host's accounts.\n",
    "InaccessiblePaths=-/run/nscd\n",
  ].join("");
}

/** For login(1): every account with a login starts Cofferdam's client. */
export function consolePasswd(passwd: string, login: string): string {
  const lines = passwd.split("\n").flatMap((line) => {
    const fields = line.split(":");
    // Lines that do not parse, NIS `+` lines among them, could add accounts with another shell.
    if (fields.length !== 7 || /^[+-]/.test(line)) return [];
    const shell = fields[6] ?? "";
    return [[...fields.slice(0, 6), noLogin.has(shell) ? shell : login].join(":")];
  });
  return lines.map((line) => `${line}\n`).join("");
}

/**
 * Accounts from other name services have a shell of their own, which login(1) would start: at a
 * console they are unknown.
 */
export function consoleNameServices(text: string): string {
  const others = text.split("\n").filter((line) => !/^\s*passwd\s*:/.test(line));
  return `passwd: files\n${others.join("\n").trimEnd()}\n`;
}

export function consoleAccounts(places: Places): Files {
  const { passwd, nameServices } = consoleFiles(places);
  const texts: [string, string][] = [
    [passwd, consolePasswd(readFileSync(PASSWD, "utf8"), sessionPrograms(places.home).login)],
  ];
  if (existsSync(NAME_SERVICES))
    texts.push([nameServices, consoleNameServices(readFileSync(NAME_SERVICES, "utf8"))]);
  return new Map(texts);
}

/**
 * Rewrites these files if the host's accounts have changed; does nothing without drop-ins. @throws
 * HostError
 */
export function refreshConsole(places: Places): void {
  if (!consoleDropIns().some((path) => existsSync(path))) return;
  for (const [path, text] of consoleAccounts(places))
    if (!existsSync(path) || readFileSync(path, "utf8") !== text)
      writeWhole(path, Buffer.from(text), modesFor(0));
}

/** Names in /etc whose change concerns the consoles. */
export function concernsConsole(name: string | null): boolean {
  return name === null || [PASSWD, NAME_SERVICES].includes(`/etc/${name}`);
}
