import { constants } from "node:os";
import { z } from "zod";
import { type Attempt, attemptsOf } from "./attempts.ts";
import type { LibraryDaemon } from "./daemon.ts";
import { BREAK_IN, type DaemonHost } from "./daemon-host.ts";
import { PolicyDiffers } from "./policy-differs.ts";

export const tried = z.strictObject({
  text: z.string(),
  /**
   * `domain`: possible at level disabled, refused at enforcing. `permissions`: refused at both, so
   * that ordinary permissions refuse it as well. `untried`: a program alone cannot try it.
   */
  held: z.enum(["domain", "permissions", "untried"]),
});
/** A case of `must-deny`, tried by a program in the daemon's place. */
export type Tried = Readonly<z.infer<typeof tried>>;

/** How `break-in.c` writes a signal. */
const SIGNALLED = 1000;
const { EACCES, EPERM, ENOSYS, EXDEV } = constants.errno;
const SIGSYS = SIGNALLED + constants.signals.SIGSYS;
/**
 * EXDEV: a name in a folder with other rights. ENOSYS: a call that libraries try and then do
 * without.
 */
const refusals: readonly number[] = [EACCES, EPERM, ENOSYS, EXDEV, SIGSYS];

/** Serves at a name where nobody does, until it is ended. */
const serve = `
import errno, os, signal, socket, sys
at = sys.argv[1]
found = socket.socket(socket.AF_UNIX).connect_ex(at)
isFree = found in (errno.ECONNREFUSED, errno.ENOENT)
if found == errno.ECONNREFUSED: os.unlink(at)
one = socket.socket(socket.AF_UNIX)
if isFree:
  one.bind(at)
  one.listen()
if os.fork() == 0:
  signal.signal(signal.SIGTERM, lambda *_: sys.exit())
  try: signal.pause()
  finally:
    if isFree: os.unlink(at)`;
/** The units that serve. */
const SERVE = "break-in-serves-";
/** A copy of Python for them: of a service in Python the break-in takes Python's own place. */
const PYTHON = "/run/break-in-python3";

/**
 * `$1`: a program, `$2`: one that serves; then kinds and names. A file that is not there is root's,
 * and any may read it. Where nobody serves, the kernel refuses for that before it asks a domain.
 */
const prepare = `
program=$1 serve=$2
shift 2
while [ $# -gt 0 ]; do
case "$1" in
file)
  [ -e "$2" ] || { mkdir -p "$(dirname "$2")"; echo victim >"$2"; }
  ;;
program)
  [ -e "$2" ] || { mkdir -p "$(dirname "$2")"; install --mode=0755 "$program" "$2"; }
  ;;
socket)
  mkdir -p "$(dirname "$2")"
  systemctl is-active --quiet "${SERVE}$#" ||
    systemd-run --quiet --collect --property=Type=forking --unit="${SERVE}$#" \\
      ${PYTHON} -c "$serve" "$2"
  ;;
room)
  mkdir -p "$(dirname "$2")"
  rm -f "$2"
  ;;
esac
shift 2
done`;

/**
 * Puts a program over the daemon's own and starts it in the domain, as its user, at enforcing and
 * at level disabled. The daemon has been stopped.
 * @throws Error if anything was possible at enforcing, or nothing was refused by the domain alone
 */
export function tryBreakIns(host: DaemonHost, daemon: LibraryDaemon): readonly Tried[] {
  const attempts = attemptsOf(daemon);
  const tryable = attempts.filter(
    ({ text, argument }) => argument !== null && daemon.untried[text] === undefined,
  );
  const results = bothWays(host, daemon, tryable);
  const possible = tryable.filter(({ text }) => !isRefusal(results.get(text)?.inside));
  if (possible.length > 0)
    throw new PolicyDiffers(
      `possible in the domain: ${possible
        .map(({ text }) => `${text} (${results.get(text)?.inside})`)
        .join(", ")}`,
    );
  const all = attempts.map(({ text }): Tried => {
    const result = results.get(text);
    if (result === undefined) return { text, held: "untried" };
    return { text, held: isRefusal(result.outside) ? "permissions" : "domain" };
  });
  if (!all.some(({ held }) => held === "domain"))
    throw new PolicyDiffers("no attempt was refused by the domain alone: they show nothing");
  return all;
}

const isRefusal = (result: number | undefined): boolean =>
  result !== undefined && refusals.includes(result);

interface Results {
  readonly inside: number;
  readonly outside: number;
}

function bothWays(
  host: DaemonHost,
  daemon: LibraryDaemon,
  attempts: readonly Attempt[],
): ReadonlyMap<string, Results> {
  const { booted } = host;
  const needs = attempts.flatMap((attempt) => attempt.needs);
  const prepareAll = () => {
    booted.sh(prepare, BREAK_IN, serve, ...needs.flatMap(({ what, path }) => [what, path]));
  };
  booted.sh('cp -L /usr/bin/python3 "$1"', PYTHON);
  booted.sh('mount --bind "$1" "$2"', BREAK_IN, daemon.daemon);
  try {
    prepareAll();
    const inside = asDaemon(host, daemon, "enforcing", attempts);
    prepareAll();
    const outside = asDaemon(host, daemon, "disabled", attempts);
    return new Map(
      attempts.map(({ text }, at) => [
        text,
        { inside: inside[at] ?? 0, outside: outside[at] ?? 0 },
      ]),
    );
  } finally {
    booted.sh('umount "$1"', daemon.daemon);
    booted.sh('systemctl stop "$1"', `${SERVE}*`);
    host.giveLevel(daemon.name, "enforcing");
    // What was made outside of all restrictions is no part of the next daemon's host.
    const made = needs.filter(({ what }) => what === "room").map(({ path }) => path);
    booted.sh('rm -f "$@"', PYTHON, ...made);
  }
}

/** The results, one for each attempt. */
function asDaemon(
  host: DaemonHost,
  { name, daemon }: LibraryDaemon,
  level: "enforcing" | "disabled",
  attempts: readonly Attempt[],
): readonly number[] {
  // Not `run --level`: the kernel's engine holds a run at the level of its domain.
  host.giveLevel(name, level);
  const run = ["cofferdam", "run", name, "--", daemon];
  const { out, err } = host.booted.run(...run, ...attempts.map(({ argument }) => argument ?? ""));
  const results = [...out.matchAll(/^\d+ (\d+)$/gm)].map((match) => Number(match[1]));
  if (results.length !== attempts.length)
    throw new Error(`the program in the daemon's place said at ${level}: ${out}${err}`);
  return results;
}
