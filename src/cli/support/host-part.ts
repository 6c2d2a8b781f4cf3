import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { hasCode } from "../../kernel/errno-error.ts";
import { VERSION } from "../version.ts";

/** The keys of /etc/os-release (os-release(5)) that go into a bundle. */
const releaseKeys = ["ID", "VERSION_ID", "PRETTY_NAME"] as const;

export function versionsText(): string {
  const release = readIfThere("/etc/os-release") ?? "";
  const lines = releaseKeys.map((key) => {
    const value = new RegExp(`^${key}="?([^"\\n]*)`, "m").exec(release)?.[1] ?? "unknown";
    return [key.toLowerCase().replace("_", " "), value] as const;
  });
  return [
    ["cofferdam", VERSION],
    ["node", process.version],
    ["host", hostname()] as const,
    ...lines,
  ]
    .map(([name, value]) => `${name}: ${value}\n`)
    .join("");
}

/** Files that say which kernel runs and how it is set. */
const kernelFiles = [
  "/proc/version",
  "/proc/cmdline",
  "/sys/kernel/security/lsm",
  "/proc/sys/kernel/yama/ptrace_scope",
  "/proc/sys/kernel/seccomp/actions_avail",
  "/proc/sys/kernel/unprivileged_bpf_disabled",
  "/proc/sys/kernel/unprivileged_userns_clone",
  "/proc/sys/kernel/io_uring_disabled",
  "/proc/sys/user/max_user_namespaces",
  "/proc/sys/vm/memfd_noexec",
  "/sys/fs/cgroup/cgroup.controllers",
] as const;

export function kernelText(): string {
  const mounts = (readIfThere("/proc/self/mountinfo") ?? "")
    .split("\n")
    .filter((line) => / - cgroup2? /.test(line));
  const files = kernelFiles.map(
    (path) => `${path}: ${readIfThere(path)?.trim() ?? "not there, or not to be read"}\n`,
  );
  return [...files, ...mounts.map((line) => `mount: ${line}\n`)].join("");
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT", "EACCES", "EPERM")) return null;
    throw error;
  }
}
