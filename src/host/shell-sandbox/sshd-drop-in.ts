import { join } from "node:path";
import { PUBLIC_FILE } from "../../base/modes.ts";
import { type Places, sessionPrograms } from "../places.ts";

/**
 * Debian's sshd_config includes this folder's `*.conf` on its first line, in the order of their
 * names, of which ours is to be the first.
 */
export const SSHD_FOLDER = "/etc/ssh/sshd_config.d";
export const SSHD_DROP_IN = join(SSHD_FOLDER, "00-cofferdam-shell.conf");
export const SSHD_MODE = PUBLIC_FILE;

/**
 * Outside the Match block, because sshd accepts it nowhere else. Outside of blocks the first line
 * of a keyword counts.
 */
const forEverybody: Readonly<Record<string, string>> = { PermitUserEnvironment: "no" };

/**
 * With exec: csh and fish would otherwise wait for the client as their child, and a child does not
 * lead the session whose terminal the shell must have.
 */
export function forceCommand(places: Places): string {
  return `exec ${sessionPrograms(places.home).login}`;
}

/**
 * What sshd must do with each login, by keyword; values as `sshd -T` prints them. sshd runs
 * ForceCommand through the user's own login shell, so no file of the user's may run in that shell:
 * neither its start-up files nor those of sshd.
 */
export function forcedBySshd(places: Places): Readonly<Record<string, string>> {
  return {
    ForceCommand: forceCommand(places),
    PermitUserRC: "no",
    // Could forward to any unix socket that the user may connect to, by a process outside the
    // sandbox.
    AllowStreamLocalForwarding: "no",
    PermitTunnel: "no",
    X11Forwarding: "no",
    // Tells the session server which key was used, and so whether that key is for one command only.
    ExposeAuthInfo: "yes",
  };
}

/**
 * Environment of the login shell in which ForceCommand runs; sshd sets it last of all. An empty
 * home keeps each shell from its start-up files: zsh's .zshenv, .cshrc and .tcshrc, config.fish.
 * Debian's bash also reads .bashrc when sshd starts it, unless SHLVL shows that another shell
 * started it.
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
    // Otherwise fish warns that it cannot write there.
    _FISH_WARNED_config: "1",
    _FISH_WARNED_data: "1",
  };
}

/** Every line that `sshd -T` must print, keywords in lower case. */
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
    "# Every login by ssh starts in Cofferdam's domain `shell`: cofferdam settings set " +
      "/UserVars/ShellSandboxEnabled 0 takes it back.\n",
    "# Where that cannot be said: remove this file, then systemctl restart ssh.\n",
    ...Object.entries(forEverybody).map(line),
    "# The first Match block of all: what it says, none that follows can override.\n",
    "Match all\n",
    ...Object.entries(forcedBySshd(places)).map(line),
    line(["SetEnv", environment.join(" ")]),
  ].join("");
}
