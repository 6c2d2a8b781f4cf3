import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import {
  MODE_BITS,
  PUBLIC_PROGRAM,
  SHARED_FILE,
  SHARED_FOLDER,
  WRITABLE_BY_OTHERS,
} from "../../base/modes.ts";
import { mountsIn } from "../../kernel/mountinfo.ts";
import { CommandError } from "../command.ts";
import { kernelFolders, type Prop } from "./case-attempt.ts";

/**
 * A view of the host in which attempts change nothing of it: a mount namespace with overlays before
 * the folders concerned, and a network without any other host. What the view has at a name is made
 * in the overlay's upper folder before that is mounted, so that nothing is written through a name
 * that another user could exchange.
 */
export interface View {
  /** In front of a command: it begins in the view. */
  readonly inside: readonly string[];
  /** Why the view lacks what an attempt needs, by its name. */
  readonly lacks: ReadonlyMap<string, string>;
  close(): void;
}

export interface ViewPlaces {
  /** A folder of the caller's alone. */
  readonly folder: string;
  /** The battery's program. */
  readonly program: string;
  /** Folders that the view keeps as they are. */
  readonly kept: readonly string[];
}

/** Made files have so many bytes: what is mapped has a page. */
const FILE_BYTES = 4_096;
/** Of all that a view makes. */
const SCRATCH = "size=16m,mode=755";

/** @throws CommandError if this caller can have none */
export async function openView(props: readonly Prop[], places: ViewPlaces): Promise<View> {
  const keeper = await keeperOf(places.folder);
  const lacks = new Map<string, string>();
  const close = () => keeper.kill("SIGKILL");
  try {
    const root = `/proc/${keeper.pid}/root`;
    const run = (...words: string[]) => inNamespace(keeper, words);
    const byFolder = new Map<string, Prop[]>();
    for (const prop of props.filter(({ is }) => is !== "over")) {
      const folder = putAside(prop.path);
      if (folder === null) lacks.set(prop.path, "no folder of its own is there, or not root's");
      else byFolder.set(folder, [...(byFolder.get(folder) ?? []), prop]);
    }
    // A folder in another one is put aside in what the other one has become.
    const folders = [...byFolder].sort(([a], [b]) => a.length - b.length);
    const steps = folders.flatMap(([folder, own], at) =>
      prepare({ run, root, at: join(places.folder, `${at}`), folder, props: own, places }),
    );
    // Last the one that holds these folders themselves: what is brought back of it has them all.
    const holds = ([folder]: (typeof folders)[number]) => places.folder.startsWith(`${folder}/`);
    for (const [at, one] of [...folders.entries()].sort(([, a], [, b]) => +holds(a) - +holds(b)))
      run("mount", "--rbind", one[0], join(places.folder, `${at}`, "aside"));
    const over = [...new Set(props.flatMap(({ is, path }) => (is === "over" ? path : [])))];
    const socket = join(places.folder, "socket");
    if (over.length > 0) run(places.program, `bind ${socket}`);
    run("sh", "-c", mounting, "sh", ...steps, "", ...over.flatMap((path) => [socket, path]));
    return { inside: prefixOf(keeper), lacks, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** A process that keeps the namespaces, with an empty file system for what is made. */
async function keeperOf(folder: string): Promise<ChildProcess> {
  const script = 'mount -t tmpfs -o "$2" cofferdam "$1" && echo ready && exec cat >/dev/null';
  const words = ["--mount", "--net", "--propagation", "private", "sh", "-c", script, "sh"];
  const keeper = spawn("unshare", [...words, folder, SCRATCH], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  const [said] = (await Promise.race([
    once(keeper.stdout, "data"),
    once(keeper, "close"),
    once(keeper, "error"),
  ])) as [unknown];
  if (said instanceof Buffer) return keeper;
  const why = said instanceof Error ? said.message : `${keeper.stderr.read() ?? ""}`.trim();
  throw new CommandError(
    `this caller can have no view of the host of its own: ${why}`,
    "as root, where mount namespaces and overlays can be had; without --engine nothing is tried",
  );
}

function prefixOf({ pid }: ChildProcess): readonly string[] {
  return ["nsenter", "--target", `${pid}`, "--mount", "--net", "--"];
}

function inNamespace(keeper: ChildProcess, words: readonly string[]): void {
  const [program = "", ...rest] = [...prefixOf(keeper), ...words];
  const { status, stderr } = spawnSync(program, rest, { encoding: "utf8" });
  if (status === 0) return;
  throw new CommandError(
    `the view of the host cannot be made: ${stderr.trim()}`,
    "`cofferdam doctor` says what this host supports",
  );
}

/**
 * The lowest folder above a name that is there and that no other user can exchange: nobody else may
 * write to a folder above it. null if there is only the root.
 */
function putAside(path: string): string | null {
  let found = "/";
  let isTrusted = true;
  for (const part of dirname(path).split("/").slice(1)) {
    const next = join(found, part);
    const status = lstatSync(next, { throwIfNoEntry: false });
    if (!isTrusted || status === undefined || !status.isDirectory()) break;
    const above = lstatSync(found);
    isTrusted = above.uid === 0 && ((above.mode & WRITABLE_BY_OTHERS) === 0 || status.uid === 0);
    if (!isTrusted) break;
    found = next;
  }
  return found === "/" || kernelFolders.includes(found) ? null : found;
}

interface Overlay {
  readonly run: (...words: string[]) => void;
  /** Of the view's tree, as this process sees it. */
  readonly root: string;
  /** In the view: where the overlay's own folders are. */
  readonly at: string;
  readonly folder: string;
  readonly props: readonly Prop[];
  readonly places: ViewPlaces;
}

/** Makes what an overlay needs; returns the words of {@link mounting} for it. */
function prepare({ run, root, at, folder, props, places }: Overlay): readonly string[] {
  const upper = join(at, "upper");
  const aside = join(at, "aside");
  const status = lstatSync(folder);
  for (const name of [upper, aside, join(at, "work")])
    mkdirSync(join(root, name), { recursive: true });
  chownSync(join(root, upper), status.uid, status.gid);
  // Root's own stay closed: what a start relies on may lie below them.
  const mode = status.uid === 0 ? status.mode & MODE_BITS : SHARED_FOLDER;
  chmodSync(join(root, upper), mode);
  for (const prop of props) make(prop, { run, root, upper, folder, program: places.program });
  const layers = [`lowerdir=${quoted(folder)}`, `upperdir=${upper}`, `workdir=${join(at, "work")}`];
  const kept = keptBelow(folder, places.kept).map((path) => relative(folder, path));
  return [aside, layers.join(","), folder, ...kept, "."];
}

/**
 * Mounts each overlay, and brings back what it must not hide; then sockets over others. One process
 * does it all and holds mount(8) open, since the view may have something else at the names of the
 * shell and of mount. An overlay may also hide the way to `aside`, where its folder is as it was:
 * so the script stands in it.
 */
const mounting = `set -e
exec 9<"$(command -v mount)"
mount=/proc/self/fd/9
while [ "$1" ]; do
  cd "$1"
  folder=$3
  $mount -t overlay -o "$2" cofferdam "$folder"
  shift 3
  while [ "$1" != . ]; do
    $mount --no-canonicalize --rbind "./$1" "$folder/$1"
    shift
  done
  shift
done
shift
while [ $# -gt 0 ]; do
  $mount --bind "$1" "$2"
  shift 2
done
`;

/** As the options of an overlay are written. */
function quoted(path: string): string {
  return path.replaceAll(/[\\,:]/g, "\\$&");
}

/** What an overlay would hide: other file systems, and what Cofferdam itself needs. */
function keptBelow(folder: string, kept: readonly string[]): readonly string[] {
  const mounts = mountsIn(readFileSync("/proc/self/mountinfo", "utf8")).map(({ point }) => point);
  const below = [...new Set([...mounts, ...kept])].filter((path) => path.startsWith(`${folder}/`));
  // A recursive mount brings those below it.
  return below.filter(
    (path) =>
      !below.some((other) => path.startsWith(`${other}/`)) &&
      lstatSync(path, { throwIfNoEntry: false }) !== undefined,
  );
}

interface Making extends Pick<Overlay, "run" | "root" | "folder"> {
  readonly upper: string;
  readonly program: string;
}

/** Open to every user, so that ordinary permissions do not answer first. */
function make({ path, is }: Prop, { run, root, upper, folder, program }: Making): void {
  const parts = relative(folder, path).split("/");
  const inside = join(upper, ...parts);
  const made = join(root, inside);
  for (let depth = 1; depth < parts.length; depth++)
    openFolder(join(root, upper, ...parts.slice(0, depth)));
  const isThere = (name: string) => lstatSync(name, { throwIfNoEntry: false }) !== undefined;
  if (isThere(made)) return;
  switch (is) {
    case "absent":
      // The sign of an overlay that a name of the lower folder is gone.
      if (isThere(path)) run("mknod", inside, "c", "0", "0");
      return;
    case "directory":
      openFolder(made);
      return;
    case "file":
      writeFileSync(made, Buffer.alloc(FILE_BYTES));
      chmodSync(made, SHARED_FILE);
      return;
    case "program":
      copyFileSync(program, made);
      chmodSync(made, PUBLIC_PROGRAM);
      return;
    case "socket":
      run(program, `bind ${inside}`);
      if (isThere(made)) chmodSync(made, SHARED_FILE);
  }
}

function openFolder(path: string): void {
  mkdirSync(path, { recursive: true });
  chmodSync(path, SHARED_FOLDER);
}
