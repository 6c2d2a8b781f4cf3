import { spawnSync } from "node:child_process";
import { join } from "node:path";

const COMPILED_BYTES_MAX = 1 << 26;

/**
 * What apparmor_parser makes of a file of profiles: bytes on standard output. It hands nothing to a
 * kernel. `tree`: where its package is unpacked; `base`: /etc/apparmor.d there.
 * @throws Error with what it said
 */
export function compile(
  tree: string,
  base: string,
  file: string,
  wrapped: (words: readonly string[]) => readonly string[] = (words) => words,
): Buffer {
  const [program = "", ...args] = wrapped([
    ...[join(tree, "usr/sbin/apparmor_parser"), "--config-file=/dev/null", `--base=${base}`],
    ...[`--policy-features=${base}/abi/4.0`, `--kernel-features=${base}/abi/3.0`],
    ...["--skip-kernel-load", "--skip-cache", "--stdout", "--quiet", file],
  ]);
  const { status, stdout, stderr } = spawnSync(program, args, { maxBuffer: COMPILED_BYTES_MAX });
  if (status !== 0) throw new Error(`apparmor_parser ${file}: ${stderr}`);
  return stdout;
}
