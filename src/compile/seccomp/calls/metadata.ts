import { notify } from "../../../kernel/system-calls/verdict.ts";
import type { CallRow } from "../call-row.ts";

/** Landlock does not mediate metadata at all; the mediator looks for `a` on the object itself. */
export const metadataCalls: readonly CallRow[] = [
  {
    calls: ["chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "lchown", "fchown", "fchownat"],
    class: "metadata",
    applies: "listed",
    why: "mode and owner are changed by the mediator on the object it checked",
    verdict: () => notify,
  },
  {
    calls: ["utime", "utimes", "futimesat", "utimensat"],
    class: "metadata",
    applies: "listed",
    why: "times are changed by the mediator on the object it checked",
    verdict: () => notify,
  },
  {
    calls: [
      "setxattr",
      "lsetxattr",
      "fsetxattr",
      "setxattrat",
      "removexattr",
      "lremovexattr",
      "fremovexattr",
      "removexattrat",
    ],
    class: "metadata",
    applies: "listed",
    why: "extended attributes, access lists among them, are changed by the mediator",
    verdict: () => notify,
  },
  {
    calls: ["file_setattr"],
    class: "metadata",
    applies: "listed",
    why: "inode flags change through a descriptor that may only read",
    verdict: () => notify,
  },
];
