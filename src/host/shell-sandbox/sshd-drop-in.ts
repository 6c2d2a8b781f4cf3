import { join } from "node:path";
import { type Places, sessionPrograms } from "../places.ts";

/**
 * What Debian's sshd_config includes on its first line: `*.conf` in the order of their names, of
 * which this is to be the first.
 */
export const SSHD_FOLDER = "/etc/ssh/sshd_config.d";
export const SSHD_DROP_IN = join(SSHD_FOLDER, "00-cofferdam-shell.conf");
export const SSHD_MODE = 0o644;

/**
 * Stands outside the Match block: sshd takes it nowhere else. Of keywords outside a block the first
 * counts.
 */
const forEverybody: Readonly<Record<string, string>> = { PermitUserEnvironment: "no" };

/**
 * csh and fish would wait for it as their child, and a child does not lead the session whose
 * terminal the shell is to have.
 */
export function forceCommand(places: Places): string {
  return `exec ${sessionPrograms(places.home).login}`;
}

/**
 * What sshd must do with each login, by its keyword; values as `sshd -T` prints them. sshd runs
 * ForceCommand through the user's own login shell, so that nothing of the user's may run in that
 * shell: neither its start-up files nor those of sshd.
 */
export function forcedBySshd(places: Places): Readonly<Record<string, string>> {
  return {
    ForceCommand: forceCommand(places),
    PermitUserRC: "no",
    // Any unix socket that the user may connect to, by a process outside the sandbox.
    AllowStreamLocalForwarding: "no",
    PermitTunnel: "no",
    X11Forwarding: "no",
    // Tells the session server which key it was, and with it whether that key is for one command
    // alone.
    ExposeAuthInfo: "yes",
  };
}

/**
 * Environment of the login shell in which ForceCommand runs; set last of all by sshd. A home that
 * holds nothing is what keeps each shell from its start-up files: zsh's .zshenv, .cshrc and
 * .tcshrc, config.fish, and the .bashrc that Debian's bash reads when sshd starts it, unless SHLVL
 * says that it is not the first.
 */
export function loginEnvironment(places: Places): Readonly<Record<string, string>> {
  const { empty } = places.system.sessions;
  return {
    HOME: empty,
    ZDOTDIR: empty,
    XDG_CONFIG_HOME: empty,
    XDG_DATA_HOME: empty,
    BASH_ENV: "",
    ENV: "",
    SHLVL: "2",
    // Or fish complains that it cannot write there.
    _FISH_WARNED_config: "1",
    _FISH_WARNED_data: "1",
  };
}

/** Every line of what sshd is to hold itself to, keywords in lower case, as `sshd -T` prints it. */
export function wantedOfSshd(places: Places): readonly string[] {
  const values = Object.entries({ ...forEverybody, ...forcedBySshd(places) });
  const environment = Object.entries(loginEnvironment(places));
  return [
    ...values.map(([keyword, value]) => `${keyword.toLowerCase()} ${value}`),
    ...environment.map(([name, value]) => `setenv ${name}=${value}`),
  ];
}

export function sshdDropIn(places: Places): string {
  const line = ([keyword, value]: readonly [string, string]): string => `${keyword} ${value}\n`;
  const environment = Object.entries(loginEnvironment(places)).map(
    ([name, value]) => `${name}=${value}`,
  );
  return [
    "# Every login by ssh starts in Cofferdam's domain `shell`: cofferdam settings set /UserVars/ShellSandboxEnabled 0 takes it back.\n",
    "# Where that cannot be said: remove this file, then systemctl restart ssh.\n",
    ...Object.entries(forEverybody).map(line),
    "# The first Match block of all: what it says, none that follows can override.\n",
    "Match all\n",
    ...Object.entries(forcedBySshd(places)).map(line),
    line(["SetEnv", environment.join(" ")]),
  ].join("");
}
