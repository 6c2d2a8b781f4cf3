import { readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { attachedIds, detachFromCgroup, replaceOnCgroup } from "../../kernel/bpf/attach.ts";
import { attachTypes, type ProgramName } from "../../kernel/bpf/attach-types.ts";
import { CONTROL_MAP } from "../../kernel/bpf/control.ts";
import { idOfMap, mapsOfProgram, openAnchorMap, withFd } from "../../kernel/bpf/maps.ts";
import { openProgram } from "../../kernel/bpf/object.ts";
import { unlessGone } from "../../kernel/unless-gone.ts";
import { isEmpty } from "./anchor.ts";
import { withDirectory } from "./directory.ts";
import { lastingMaps } from "./programs.ts";

/**
 * Programs of anchors that launchers attached to control groups of socket units, where sockets were
 * made that a run is given (`native/activation.c`).
 */
interface Elsewhere {
  readonly group: string;
  readonly name: ProgramName;
  readonly program: number;
  /** Id of the map that tells which anchor's it is. */
  readonly control: number;
}

/** What a launcher attaches there. */
const judging = [
  "connect4",
  "connect6",
  "sendmsg4",
  "sendmsg6",
  "egress",
  "bind4",
  "bind6",
] as const satisfies readonly ProgramName[];

/** systemd's names of socket units. */
const SOCKET_UNIT = /\.socket$/;
/** The same for anchors, on the host and in containers. */
const ANCHOR = /\/cofferdam\/[^/]+\.[0-9a-f]{16}$/;
/** Number of the whole hierarchy's first group (kernfs). */
const ROOT_GROUP = 1;

/**
 * Puts the programs that an anchor has now in the place of those that it had, wherever else they
 * are. `control`: its map, open.
 */
export function replaceElsewhere(
  anchor: string,
  control: number,
  programFd: (name: ProgramName) => number | null,
): void {
  const own = idOfMap(control);
  for (const one of allElsewhere(dirname(dirname(anchor)))) {
    const program = one.control === own ? programFd(one.name) : null;
    if (program === null) continue;
    withGroup(one, (group, before) =>
      replaceOnCgroup(program, group, attachTypes[one.name], before),
    );
  }
}

/**
 * Whether there is anything that {@link pruneElsewhere} might take away. Launchers wait for the
 * lock that taking away needs; looking needs none.
 */
export function hasElsewhere(root: string): boolean {
  return allElsewhere(dirname(root)).length > 0;
}

/**
 * Takes away programs of anchors below which nothing runs: what holders left that were killed.
 * `root`: `CGROUP2/cofferdam`, with its lock. Returns how many there were.
 *
 * Anchors are listed after what is attached, since a launcher makes its group below one before it
 * attaches anything. Those of containers count too: they lie in the same hierarchy. Where only a
 * part of that is to be seen, a program without an anchor may have it elsewhere.
 */
export function pruneElsewhere(root: string): number {
  const hierarchy = dirname(root);
  const found = allElsewhere(hierarchy);
  if (found.length === 0) return 0;
  const isBusy = new Map(
    foldersLike(hierarchy, ANCHOR).map(
      (anchor) => [controlOf(anchor), ifThere(() => !isEmpty(anchor)) ?? false] as const,
    ),
  );
  const seesAll = statSync(hierarchy).ino === ROOT_GROUP;
  const left = found.filter(({ control }) => !(isBusy.get(control) ?? !seesAll));
  for (const one of left)
    withGroup(one, (group, program) => detachFromCgroup(program, group, attachTypes[one.name]));
  return left.length;
}

function controlOf(anchor: string): number | null {
  return ifThere(() =>
    withDirectory(anchor, (fd) => {
      const map = openAnchorMap(fd, CONTROL_MAP);
      return map === null ? null : withFd(map, idOfMap);
    }),
  );
}

function allElsewhere(hierarchy: string): Elsewhere[] {
  return foldersLike(hierarchy, SOCKET_UNIT).flatMap((group) => ifThere(() => lookAt(group)) ?? []);
}

function lookAt(group: string): Elsewhere[] {
  return withDirectory(group, (fd) =>
    judging.flatMap((name) =>
      attachedIds(fd, attachTypes[name]).flatMap((program) => {
        const control = controlOfProgram(program);
        return control === null ? [] : [{ group, name, program, control }];
      }),
    ),
  );
}

/** null for a program that is none of ours: ours have all the maps that last. */
function controlOfProgram(id: number): number | null {
  const maps = withFd(openProgram(id), mapsOfProgram);
  const isOurs = lastingMaps.every((name) => maps.has(name));
  return isOurs ? (maps.get(CONTROL_MAP) ?? null) : null;
}

function withGroup(
  { group, program }: Elsewhere,
  work: (group: number, program: number) => void,
): void {
  ifThere(() => withDirectory(group, (fd) => withFd(openProgram(program), (one) => work(fd, one))));
}

/** Groups of socket units come and go. */
function ifThere<T>(work: () => T): T | null {
  return unlessGone(work, ["ENOENT", "ENODEV"]);
}

/** Nothing is looked for below one that is found. */
function foldersLike(folder: string, wanted: RegExp): string[] {
  const below = ifThere(() => readdirSync(folder, { withFileTypes: true })) ?? [];
  return below
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name))
    .flatMap((path) => (wanted.test(path) ? [path] : foldersLike(path, wanted)));
}
