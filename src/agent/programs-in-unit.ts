import { join } from "node:path";
import { withDirectory } from "../compile/cgroup/directory.ts";
import { withFolderLock } from "../compile/cgroup/lock.ts";
import { anchorsFolder, domainOfAnchor, unitGroup } from "../domains/cgroup-path.ts";
import { readProc } from "../domains/proc-stat.ts";
import { attachedIds, attachToCgroup } from "../kernel/bpf/attach.ts";
import { attachTypes } from "../kernel/bpf/attach-types.ts";
import { withFd } from "../kernel/bpf/maps.ts";
import { openProgram, programTag } from "../kernel/bpf/object.ts";
import { hasCode } from "../kernel/errno-error.ts";
import { OWN_GROUP } from "../kernel/probe/caller.ts";
import { ApiError } from "./api/route.ts";
import { type AskingLauncher, readLauncher } from "./asking-launcher.ts";

/** A launcher that has made the group of its run below its unit's. */
interface Start {
  readonly peer: AskingLauncher;
  readonly domain: string;
  /** `DOMAIN.DIGEST` of its plan. */
  readonly anchor: string;
}

/**
 * Attaches an anchor's programs to the group of a run in a unit with `PrivateUsers=`: the kernel
 * takes programs only from processes with capabilities in the first user namespace. The group is
 * that of the peer's own unit, as /proc tells, with the peer's process id for a name. So a peer
 * that lies about its anchor gets programs that refuse something to itself, and to no other
 * process. Returns the programs that are there afterwards, each as `HOOK TAG`, which the launcher
 * compares with its plan. `anchors`: see {@link anchorsFolder}.
 * @throws ApiError if the peer is in no unit, or has made no such group
 */
export async function attachInUnit(
  { peer, domain, anchor }: Start,
  anchors = anchorsFolder(),
): Promise<readonly string[]> {
  const unit = readLauncher(peer, "programs", (folder) =>
    unitGroup(readProc(`${folder}/cgroup`) ?? ""),
  );
  if (anchors === null || unit === null || domainOfAnchor(anchor) !== domain)
    throw notThere(`process ${peer.pid} starts nothing of \`${domain}\` in a unit`);
  const run = join(unit, OWN_GROUP, anchor, String(peer.pid));
  try {
    return await withFolderLock(anchors, () => copyPrograms(join(anchors, anchor), run));
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENODEV")) throw notThere(`there is no ${run}, or no ${anchor}`);
    throw error;
  }
}

function notThere(why: string): ApiError {
  return new ApiError(409, why, "only the launcher of a unit's start asks for this");
}

function copyPrograms(anchor: string, run: string): readonly string[] {
  return withDirectory(anchor, (from) =>
    withDirectory(run, (to) =>
      Object.values(attachTypes).flatMap((hook) => copyHook(from, to, hook)),
    ),
  );
}

function copyHook(from: number, to: number, hook: number): readonly string[] {
  const there = attachedIds(to, hook);
  return attachedIds(from, hook).map((id) =>
    withFd(openProgram(id), (program) => {
      if (!there.includes(id)) attachToCgroup(program, to, hook);
      return `${hook} ${programTag(program)}`;
    }),
  );
}
