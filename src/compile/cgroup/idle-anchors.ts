import { existsSync, statSync } from "node:fs";
import { basename } from "node:path";
import { anchorsIn, isEmpty, removeUnlessBusy } from "./anchor.ts";
import { withFolderLock } from "./lock.ts";

/**
 * Removes anchors that are no longer needed, of removed domains and of earlier policies. An anchor
 * is removed when at two looks no plan named it, it had no children, and it had not been prepared
 * in between. So a start with a ready plan never loses its anchor. Neither does a start whose plan
 * is still being made, unless that takes longer than the time between two looks; that start finds
 * the anchor gone and is refused.
 */
export class IdleAnchors {
  /** The anchors that were idle at the last look, with their times. */
  #idle = new Map<string, bigint>();

  /**
   * `root`: `CGROUP2/cofferdam`. `named`: the anchors of all ready plans, read just before. Returns
   * how many were removed.
   *
   * @throws AnchorError where another process keeps the lock
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
