import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Characters of a profile or context that are shown. */
const LABEL_MAX = 200;

/**
 * Which other security module of the kernel may refuse something, too; null if none does. `process`
 * is one that asked; what it is confined by is told while it lives. `root` is of the host's tree.
 */
export function otherConfinement(process: number | null, root = "/"): string | null {
  const read = (path: string) => textOf(join(root, path));
  const label = process === null ? null : read(`proc/${process}/attr/current`);
  if (read("sys/fs/selinux/enforce") === "1")
    return `SELinux enforces here${of(label)}: it may refuse this, too (\`ausearch -m avc\`)`;
  if (read("sys/module/apparmor/parameters/enabled") !== "Y") return null;
  const isOpen = label === null || label === "unconfined" || !label.endsWith("(enforce)");
  return isOpen
    ? null
    : `AppArmor enforces${of(label)}: it may refuse this, too (\`journalctl -k -g apparmor\`)`;
}

function of(label: string | null): string {
  return label === null ? "" : ` \`${label}\``;
}

/** null also for a process that has ended, and where the kernel has no such file. */
function textOf(path: string): string | null {
  try {
    const text = readFileSync(path, "utf8").replace(/[\0\n]+$/, "");
    return text === "" ? null : text.slice(0, LABEL_MAX);
  } catch {
    return null;
  }
}
