import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Places, sessionPrograms } from "../places.ts";
import { modesFor, writeWhole } from "../write-whole.ts";

/** Units of systemd that let people log in at a console. */
const units = ["getty@", "serial-getty@", "console-getty", "container-getty@"];

const PASSWD = "/etc/passwd";
const NAME_SERVICES = "/etc/nsswitch.conf";
/**
 * Of accounts without a login: they keep it. Every other, be it there or not, is put behind the
 * sandbox.
 */
const noLogin = new Set(["/usr/sbin/nologin", "/sbin/nologin", "/usr/bin/false", "/bin/false"]);

/** By its absolute name the text that a file is to have. */
export type Files = ReadonlyMap<string, string>;

export function consoleDropIns(): readonly string[] {
  return units.map((unit) => `/etc/systemd/system/${unit}.service.d/50-cofferdam-shell.conf`);
}

/**
 * What login(1) finds in place of the host's accounts and name services. Not in the runtime folder:
 * a console may ask for a name before anything of Cofferdam runs.
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
    "# Every login at a console starts in Cofferdam's domain `shell`: cofferdam settings set /UserVars/ShellSandboxEnabled 0 takes it back.\n",
    "# Where that cannot be said: remove this file, then systemctl daemon-reload.\n",
    "[Service]\n",
    `BindReadOnlyPaths=${passwd}:${PASSWD}\n`,
    ...services,
    "# The cache of name services would answer with the host's accounts.\n",
    "InaccessiblePaths=-/run/nscd\n",
  ].join("");
}

/**
 * The accounts as login(1) is to see them: every account with a login starts Cofferdam's client.
 */
export function consolePasswd(passwd: string, login: string): string {
  const lines = passwd.split("\n").flatMap((line) => {
    const fields = line.split(":");
    // What does not parse, NIS `+` lines among them, would bring accounts whose shell is another
    // one.
    if (fields.length !== 7 || /^[+-]/.test(line)) return [];
    const shell = fields[6] ?? "";
    return [[...fields.slice(0, 6), noLogin.has(shell) ? shell : login].join(":")];
  });
  return lines.map((line) => `${line}\n`).join("");
}

/**
 * Accounts from elsewhere have a shell of their own, which login(1) would start: at a console they
 * are unknown.
 */
export function consoleNameServices(text: string): string {
  const others = text.split("\n").filter((line) => !/^\s*passwd\s*:/.test(line));
  return `passwd: files\n${others.join("\n").trimEnd()}\n`;
}

/** What the drop-ins bind, as it is to be now. */
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
 * Writes what the drop-ins bind anew where the host's accounts have changed since; nothing where
 * there are no drop-ins. @throws HostError
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
