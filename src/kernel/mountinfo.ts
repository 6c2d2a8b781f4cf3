/** A mount, as a line of proc_pid_mountinfo(5) tells it. */
export interface Mount {
  readonly id: number;
  /** `MAJOR:MINOR` of the file system. */
  readonly device: string;
  /** What of the file system is mounted: a path within it. */
  readonly root: string;
  readonly point: string;
  /** Of the file system. */
  readonly type: string;
}

/**
 * `mountinfo`: its whole text. In the order of the kernel: a later mount on the same point hides
 * the earlier ones.
 */
export function mountsIn(mountinfo: string): readonly Mount[] {
  return mountinfo.split("\n").flatMap((line) => {
    const fields = line.split(" ");
    const [id = "", , device = "", root, point] = fields;
    // Optional fields come before the lone `-`.
    const end = fields.indexOf("-");
    const type = end < 0 ? undefined : fields[end + 1];
    if (root === undefined || point === undefined || type === undefined) return [];
    return [{ id: Number(id), device, root: unescaped(root), point: unescaped(point), type }];
  });
}

/** Space, tab, newline and backslash are octal. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
