import { readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { attachedIds, detachFromCgroup, replaceOnCgroup } from "../../kernel/bpf/attach.ts";
import {
  attachTypes,
  destinationPrograms,
  type ProgramName,
} from "../../kernel/bpf/attach-types.ts";
import { CONTROL_MAP } from "../../kernel/bpf/control.ts";
import { idOfMap, mapsOfProgram, openAnchorMap, withFd } from "../../kernel/bpf/maps.ts";
import { openProgram } from "../../kernel/bpf/object.ts";
import { recordMaps } from "../../kernel/bpf/refusals.ts";
import { unlessGone } from "../../kernel/unless-gone.ts";
import { isEmpty } from "./anchor.ts";
import { withDirectory } from "./directory.ts";
import { PEERS_MAP } from "./programs.ts";

/**
 * Programs of anchors that launchers attached to control groups of socket units, in which inherited
 * sockets were made (`native/activation.c`).
 */
interface Elsewhere {
  readonly group: string;
  readonly name: ProgramName;
  readonly program: number;
  readonly control: number;
}

/** The programs that a launcher attaches there. */
const judging = [
  "connect4",
  "connect6",
  "sendmsg4",
  "sendmsg6",
  "recvmsg4",
  "recvmsg6",
  "egress",
  "bind4",
  "bind6",
] as const satisfies readonly ProgramName[];

const SOCKET_UNIT = /\.socket$/;
/** On the host and in containers. */
const ANCHOR = /\/cofferdam\/[^/]+\.[0-9a-f]{16}$/;
/** Runs in the groups of systemd units (`native/cgroup.c`). */
const UNIT_RUN = /\.service\/cofferdam\/[^/]+\.[0-9a-f]{16}\/\d+$/;
const ROOT_GROUP = 1;

/**
 * Replaces programs that an anchor had by those that it has now, in every other group where they
 * are attached. `control`: its map, open.
 */
export function replaceElsewhere(
  anchor: string,
  control: number,
  programFd: (name: ProgramName) => number | null,
): void {
  const own = idOfMap(control);
  const hierarchy = dirname(dirname(anchor));
  for (const one of [...allElsewhere(hierarchy), ...allOfUnits(hierarchy)]) {
    const program = one.control === own ? programFd(one.name) : null;
    if (program === null) continue;
    withGroup(one, (group, before) =>
      replaceOnCgroup(program, group, attachTypes[one.name], before),
    );
  }
}

/**
 * Whether {@link pruneElsewhere} may find something. Needs no lock, for which launchers would have
 * to wait.
 */
export function hasElsewhere(root: string): boolean {
  return allElsewhere(dirname(root)).length > 0;
}

/**
 * Detaches programs of anchors without runs, which killed holders left. `root`:
 * `CGROUP2/cofferdam`, with its lock held. Returns their number.
 *
 * Anchors are listed after the attached programs, because a launcher makes its group below an
 * anchor before it attaches anything. Anchors of containers count, too: they are in the same
 * hierarchy. If only a part of the hierarchy is visible, nothing is detached, because a program's
 * anchor may lie outside that part.
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
  return foldersLike(hierarchy, SOCKET_UNIT).flatMap(
    (group) => ifThere(() => lookAt(group, judging)) ?? [],
  );
}

/**
 * What launchers have attached to the groups of runs in units. The kernel detaches it when it
 * removes a group.
 */
function allOfUnits(hierarchy: string): Elsewhere[] {
  return foldersLike(hierarchy, UNIT_RUN).flatMap(
    (group) => ifThere(() => lookAt(group, destinationPrograms)) ?? [],
  );
}

function lookAt(group: string, names: readonly ProgramName[]): Elsewhere[] {
  return withDirectory(group, (fd) =>
    names.flatMap((name) =>
      attachedIds(fd, attachTypes[name]).flatMap((program) => {
        const control = controlOfProgram(program);
        return control === null ? [] : [{ group, name, program, control }];
      }),
    ),
  );
}

/**
 * null for a program that is not Cofferdam's: each of Cofferdam's has the control map, and either
 * all records or the peers.
 */
function controlOfProgram(id: number): number | null {
  const maps = withFd(openProgram(id), mapsOfProgram);
  const isOurs = [recordMaps, [PEERS_MAP]].some((marks) => marks.every((name) => maps.has(name)));
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

function foldersLike(folder: string, wanted: RegExp): string[] {
  const below = ifThere(() => readdirSync(folder, { withFileTypes: true })) ?? [];
  return below
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name))
    .flatMap((path) => (wanted.test(path) ? [path] : foldersLike(path, wanted)));
}
