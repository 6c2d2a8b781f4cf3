import { parentsOf } from "../../base/parents.ts";
import { majorOf, minorOf } from "../../kernel/device-number.ts";
import { quick } from "../../kernel/quick.ts";
import { openHow } from "../../kernel/structs.ts";
import type { Plan } from "../../plan/plan.ts";
import { abi } from "../sys/abi.ts";
import {
  type Bytes,
  close,
  fstat,
  joinDevice,
  passing,
  type Stat,
  sameObject,
  spelled,
} from "../sys/sys.ts";

/** O_PATH, below the view's root, follows no link, and never blocks (RESOLVE_CACHED). */
const LOOK = openHow.encode({
  flags: BigInt(abi.O_PATH | abi.O_NOFOLLOW | abi.O_CLOEXEC),
  resolve: BigInt(
    abi.RESOLVE_IN_ROOT | abi.RESOLVE_NO_MAGICLINKS | abi.RESOLVE_NO_SYMLINKS | abi.RESOLVE_CACHED,
  ),
});

type Identity = Pick<Stat, "inode" | "device">;

/** A path of the domain's Landlock layer, with the object that had this name at the start. */
interface Started {
  readonly directory: boolean;
  readonly rights: bigint;
  readonly identity: Identity;
}

/**
 * What a sealed domain's Landlock layer grants by itself: its rules hold the objects that had their
 * names at the start. Every answer here is a guess (the plan's, of its paths). A wrong one costs a
 * refusal or a brokered open; the layer judges what it is left, and the policy the rest.
 */
export class StartedNames {
  readonly #paths = new Map<Bytes, Started>();

  readonly #root: number;

  /** `root`: of the view in which the domain began, as the paths of its plan do (`view.ts`). */
  constructor({ landlock, mediation }: Pick<Plan, "landlock" | "mediation">, root: number) {
    this.#root = root;
    const inodes = new Map(mediation.inodes?.map(({ path, inode }) => [path, inode]));
    for (const { path, directory, rights } of landlock?.paths ?? []) {
      const inode = inodes.get(path);
      if (inode === undefined) continue;
      this.#paths.set(spelled(path), { directory, rights, identity: identityOf(inode) });
    }
  }

  /** Whether the layer grants these LANDLOCK_ACCESS_FS_* on the object that has this name now. */
  covers(name: Bytes, rights: bigint, object: Identity): boolean {
    const file = this.#paths.get(name);
    const own = file !== undefined && !file.directory ? file : null;
    let found = own !== null && sameObject(own.identity, object) ? own.rights : 0n;
    for (const path of [name, ...parentsOf(name), "/"]) {
      if ((found & rights) === rights) return true;
      const started = this.#paths.get(path);
      if (started?.directory && (started.rights & ~found) !== 0n && this.#stands(path, started))
        found |= started.rights;
    }
    return (found & rights) === rights;
  }

  /** Whether the directory with this name, which is in the layer, is still the one of the start. */
  stands(path: Bytes): boolean {
    const started = this.#paths.get(path);
    return started !== undefined && this.#stands(path, started);
  }

  #stands(path: Bytes, { identity }: Started): boolean {
    const fd = quick.openat2(this.#root, passing(path), LOOK);
    if (fd < 0) return false;
    const stat = fstat(fd);
    close(fd);
    return typeof stat !== "number" && sameObject(stat, identity);
  }
}

/** `inode`: device and inode number as lstat returns them, `DEV:INO`. */
function identityOf(inode: string): Identity {
  const [device = "", number = ""] = inode.split(":");
  const ino = BigInt(number);
  return {
    device: joinDevice(majorOf(Number(device)), minorOf(Number(device))),
    inode: { low: Number(ino & 0xffff_ffffn), high: Number(ino >> 32n) },
  };
}
