import { existsSync, statSync } from "node:fs";
import { basename } from "node:path";
import { anchorsIn, isEmpty, removeUnlessBusy } from "./anchor.ts";
import { withFolderLock } from "./lock.ts";

/**
 * Removes anchors that nobody needs: of domains that are no more, and of earlier policies. One goes
 * when at two looks no plan named it, it had no children, and nobody had prepared it meanwhile. So
 * a start that has its plan ready never loses it, nor does one whose plan is still being made, if
 * that takes less time than lies between two looks; one that takes longer finds it gone, and is
 * refused.
 */
export class IdleAnchors {
  /** Those that were idle at the last look, with their times. */
  #idle = new Map<string, bigint>();

  /**
   * `root`: `CGROUP2/cofferdam`. `named`: the names of the anchors of all ready plans, looked at
   * just before. Returns how many were removed. @throws AnchorError where somebody keeps the lock
   */
  async look(root: string, named: ReadonlySet<string>): Promise<number> {
    if (!existsSync(root)) return 0;
    return await withFolderLock(root, () => {
      const idle = anchorsIn(root)
        .filter((anchor) => !named.has(basename(anchor)) && isEmpty(anchor))
        .map((anchor) => [anchor, statSync(anchor, { bigint: true }).mtimeNs] as const);
      const still = idle.filter(([anchor, time]) => this.#idle.get(anchor) === time);
      this.#idle = new Map(idle);
      return still.filter(([anchor]) => removeUnlessBusy(anchor)).length;
    });
  }
}
