import { granted } from "../../model/granted.ts";
import { addition, isSet, type Look, note, type Rule, unitConflict } from "./finding.ts";
import { property, words } from "./unit.ts";

/**
 * System calls of the launcher and the holder that systemd's `@system-service` lacks, or that units
 * exclude: the launcher's own filter is added after the unit's.
 */
const launcherCalls = [
  ...["bpf", "capget", "capset", "setgroups", "setresgid", "setresuid", "seccomp", "unshare"],
  ...["landlock_add_rule", "landlock_create_ruleset", "landlock_restrict_self", "openat2"],
  ...["pidfd_getfd", "pidfd_open", "pidfd_send_signal", "process_vm_readv", "ptrace"],
  ...["memfd_create", "close_range", "setrlimit", "prlimit64", "flock", "symlinkat"],
];

const systemCalls: Rule = (look) => {
  const filter = words(property(look.unit, "SystemCallFilter"));
  const isDenied = filter[0]?.startsWith("~") === true;
  const named = new Set(filter.map((name) => name.replace(/^~/, "").replace(/:.*$/, "")));
  if (filter.length === 0 || (isDenied && named.size === 1 && named.has(""))) return {};
  const lacking = launcherCalls.filter((name) => named.has(name) === isDenied);
  if (lacking.length === 0) return {};
  const inPolicy = granted(look.policy.syscalls);
  const kept = lacking.filter((name) => inPolicy.has(name));
  const added = addition(
    `SystemCallFilter=${lacking.join(" ")}`,
    "For the launcher; the domain's own filter holds the daemon.",
  );
  if (kept.length === 0) return added;
  const told = note(
    `SystemCallFilter= refuses ${kept.join(" ")}; with the launcher's needs added the policy ` +
      "alone decides, and it grants them",
    `syscalls: [${kept.map((name) => `deny ${name}`).join(", ")}]`,
  );
  return { ...added, ...told };
};

const namespaces: Rule = (look) =>
  isSet(look, "RestrictNamespaces") &&
  granted(look.policy.ipc).size > 0 &&
  !words(property(look.unit, "RestrictNamespaces")).includes("ipc")
    ? unitConflict(
        "the policy grants `ipc` in a namespace of the domain's own, which " +
          "RestrictNamespaces= refuses the launcher",
        "RestrictNamespaces=",
        "RestrictNamespaces=ipc",
      )
    : {};

const processNamespace: Rule = (look) =>
  isSet(look, "PrivatePIDs")
    ? unitConflict(
        "in a process namespace of its own the launcher has another process id than outside, " +
          "where no process could identify the daemon by it",
        "PrivatePIDs=no",
      )
    : {};

const addresses: Rule = (look) =>
  isSet(look, "IPAddressDeny") && !/127\.0\.0\.0\/8/.test(property(look.unit, "IPAddressAllow"))
    ? unitConflict(
        "the plan is made in the unit's control group, where IPAddressDeny= keeps it from " +
          "trying what this host holds; the domain's own rules say which addresses the daemon " +
          "reaches",
        "IPAddressAllow=localhost",
      )
    : {};

/**
 * Cofferdam's own places must be writable in the unit's view; no domain may write there. `+`: below
 * the unit's root, if it has another.
 */
const writable: Rule = (look) => {
  const paths = [
    ...(property(look.unit, "ProtectSystem") === "strict" || hides(look, "/run")
      ? ["-+/run/cofferdam"]
      : []),
    ...(isSet(look, "ProtectControlGroups") || property(look.unit, "ProtectSystem") === "strict"
      ? ["-+/sys/fs/cgroup/cofferdam", `-+/sys/fs/cgroup/${groupOf(look)}`]
      : []),
  ];
  return paths.length === 0
    ? {}
    : addition(
        `ReadWritePaths=${paths.join(" ")}`,
        "For the launcher and the holder; no domain may write there, whatever it grants.",
      );
};

/**
 * The unit's slices (`a-b.slice` is in `a.slice`), then its name; for a template the instance's.
 */
function groupOf(look: Look): string {
  const slice = property(look.unit, "Slice").replace(/\.slice$/, "");
  const parts = slice.split("-");
  const slices = parts.map((_, at) => `${parts.slice(0, at + 1).join("-")}.slice`);
  return [...(slice === "" ? [] : slices), look.unit.name.replace("@.", "@%i.")].join("/");
}

function hides(look: Look, path: string): boolean {
  return words(property(look.unit, "ReadOnlyPaths")).some((one) =>
    ["/", path].includes(one.replace(/^[-+]+/, "")),
  );
}

const executable: Rule = (look) =>
  isSet(look, "NoExecPaths") ? addition(`ExecPaths=+${look.launcher}`, "The launcher.") : {};

/** See systemd.exec(5). */
function hiddenBy(look: Look, setting: string): readonly string[] {
  const value = property(look.unit, setting);
  if (setting === "PrivateTmp") return isSet(look, setting) ? ["/tmp", "/var/tmp"] : [];
  if (setting === "ProtectHome")
    return ["yes", "tmpfs"].includes(value) ? ["/home", "/root", "/run/user"] : [];
  return words(value).map((one) => one.replace(/^[-+]+/, "").replace(/:.*$/, ""));
}

/** Destinations of BindPaths= and BindReadOnlyPaths= (`SOURCE:DESTINATION:OPTIONS`). */
export function boundPaths(look: Look): readonly string[] {
  return ["BindPaths", "BindReadOnlyPaths"].flatMap((setting) =>
    words(property(look.unit, setting)).map((one) => {
      const [source = "", destination = source] = one.replace(/^-/, "").split(":");
      return destination;
    }),
  );
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(`${folder.replace(/\/$/, "")}/`);
}

const program: Rule = (look) => {
  const { launcher } = look;
  if (boundPaths(look).some((path) => isBelow(launcher, path))) return {};
  const settings = ["PrivateTmp", "ProtectHome", "InaccessiblePaths", "TemporaryFileSystem"];
  const hiding = settings.filter((one) =>
    hiddenBy(look, one).some((path) => isBelow(launcher, path)),
  );
  return hiding.length === 0
    ? {}
    : unitConflict(
        `${hiding.join("=, ")}= hides Cofferdam's own program, ${launcher}, from the unit: ` +
          "install Cofferdam elsewhere (docs/install.md), or",
        ...hiding.map(withoutSetting),
      );
};

function withoutSetting(name: string): string {
  return /^(?:Private|Protect)/.test(name) ? `${name}=no` : `${name}=`;
}

/** Settings with which systemd makes a unit a mount namespace (exec_needs_mount_namespace()). */
const mountSettings = [
  ...["PrivateTmp", "PrivateDevices", "PrivateMounts", "PrivateIPC", "PrivateNetwork"],
  ...["ProtectSystem", "ProtectHome", "ProtectProc", "ProcSubset", "ProtectHostname"],
  ...["ProtectKernelTunables", "ProtectKernelModules", "ProtectKernelLogs"],
  ...["ProtectControlGroups", "ReadWritePaths", "ReadOnlyPaths", "InaccessiblePaths"],
  ...["ExecPaths", "NoExecPaths", "BindPaths", "BindReadOnlyPaths", "TemporaryFileSystem"],
  ...["RootDirectory", "RootImage", "MountImages", "ExtensionImages", "LogNamespace"],
  ...["BindLogSockets", "MountAPIVFS", "DynamicUser"],
];

export function hasMounts(look: Look): boolean {
  return mountSettings.some((name) => isSet(look, name));
}

const delegation: Rule = (look) =>
  isSet(look, "Delegate")
    ? note(
        "Delegate= gives the daemon its control groups to arrange; no domain may write " +
          "control groups, so that it cannot",
      )
    : {};

/** Each is reported separately. */
export const sandboxRules: readonly Rule[] = [
  systemCalls,
  namespaces,
  processNamespace,
  addresses,
  writable,
  executable,
  program,
  delegation,
];
