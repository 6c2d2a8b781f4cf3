import { existsSync, statSync } from "node:fs";
import { basename } from "node:path";
import { anchorsIn, isEmpty, removeUnlessBusy, runGroupsIn } from "./anchor.ts";
import { withFolderLock } from "./lock.ts";

/**
 * Removes anchors of removed domains and of earlier policies, and the groups of past runs in them.
 * An anchor is removed if at two successive looks no plan named it, it had no children, and it was
 * not prepared in between. So a start with a ready plan never loses its anchor. A start whose plan
 * takes longer to make than the time between two looks finds its anchor gone and is refused.
 *
 * The group of a run is removed if it had no record at two successive looks: a launcher makes the
 * record first, and a holder that was killed leaves the group. The kernel keeps a group that has a
 * process.
 */
export class IdleAnchors {
  /** With the times of the last look. */
  #idle = new Map<string, bigint>();
  #unrecorded = new Set<string>();

  /**
   * `root`: `CGROUP2/cofferdam`. `named`: the anchors of all ready plans, read just before.
   * `isOnRecord`: whether there is a run of this process id. Returns how many anchors were removed.
   *
   * @throws AnchorError if another process keeps the lock
   */
  async look(
    root: string,
    named: ReadonlySet<string>,
    isOnRecord: (pid: number) => boolean,
  ): Promise<number> {
    if (!existsSync(root)) return 0;
    return await withFolderLock(root, () => {
      const anchors = anchorsIn(root);
      const unrecorded = anchors
        .flatMap(runGroupsIn)
        .filter((group) => !isOnRecord(Number(basename(group))));
      for (const group of unrecorded.filter((one) => this.#unrecorded.has(one)))
        removeUnlessBusy(group);
      this.#unrecorded = new Set(unrecorded);
      const idle = anchors
        .filter((anchor) => !named.has(basename(anchor)) && isEmpty(anchor))
        .map((anchor) => [anchor, statSync(anchor, { bigint: true }).mtimeNs] as const);
      const still = idle.filter(([anchor, time]) => this.#idle.get(anchor) === time);
      this.#idle = new Map(idle);
      return still.filter(([anchor]) => removeUnlessBusy(anchor)).length;
    });
  }
}
