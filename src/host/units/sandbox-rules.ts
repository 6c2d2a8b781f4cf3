import { granted } from "../../model/granted.ts";
import { Permission } from "../../model/permission.ts";
import {
  addition,
  type Found,
  isSet,
  type Look,
  note,
  property,
  type Rule,
  unitConflict,
  words,
} from "./finding.ts";

/**
 * System calls of the launcher and the holder that systemd's `@system-service` lacks, or that
 * units take out of it: the launcher's own filter comes after them.
 */
const launcherCalls = [
  ...["bpf", "capget", "capset", "setgroups", "setresgid", "setresuid", "seccomp", "unshare"],
  ...["landlock_add_rule", "landlock_create_ruleset", "landlock_restrict_self", "openat2"],
  ...["pidfd_getfd", "pidfd_open", "pidfd_send_signal", "process_vm_readv", "ptrace"],
  ...["memfd_create", "close_range", "setrlimit", "prlimit64", "flock", "symlinkat"],
];

const systemCalls: Rule = (look) => {
  const filter = words(property(look, "SystemCallFilter"));
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
  !words(property(look, "RestrictNamespaces")).includes("ipc")
    ? unitConflict(
        "the policy grants `ipc` in a namespace of the domain's own, which " +
          "RestrictNamespaces= refuses the launcher",
        "RestrictNamespaces=",
        "RestrictNamespaces=ipc",
      )
    : {};

const userNamespace: Rule = (look) =>
  isSet(look, "PrivateUsers")
    ? unitConflict(
        "in a user namespace of its own the launcher can become no other user, and the " +
          "mediator does nothing for the daemon",
        "PrivateUsers=no",
      )
    : {};

const processNamespace: Rule = (look) =>
  isSet(look, "PrivatePIDs")
    ? unitConflict(
        "in a process namespace of its own nobody outside knows the daemon by the launcher's " +
          "process id",
        "PrivatePIDs=no",
      )
    : {};

const otherRoot: Rule = (look) => {
  const name = ["RootDirectory", "RootImage"].find(
    (one) => isSet(look, one) && property(look, one) !== "/",
  );
  return name === undefined
    ? {}
    : unitConflict(
        `${name}= shows the unit another tree, in which there is neither the launcher nor ` +
          "what the policy names",
        `${name}=`,
      );
};

const addresses: Rule = (look) =>
  isSet(look, "IPAddressDeny") && !/127\.0\.0\.0\/8/.test(property(look, "IPAddressAllow"))
    ? unitConflict(
        "the plan is made in the unit's control group, where IPAddressDeny= keeps it from " +
          "trying what this host holds; the domain's own rules say which addresses the daemon " +
          "reaches",
        "IPAddressAllow=localhost",
      )
    : {};

/** Where Cofferdam's own must be writable in the unit's view; no domain may write there. */
const writable: Rule = (look) => {
  const paths = [
    ...(property(look, "ProtectSystem") === "strict" || hides(look, "/run")
      ? ["-/run/cofferdam"]
      : []),
    ...(isSet(look, "ProtectControlGroups") || property(look, "ProtectSystem") === "strict"
      ? ["-/sys/fs/cgroup/cofferdam", `-/sys/fs/cgroup/${groupOf(look)}`]
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
 * The unit's control group in the hierarchy: its slices (`a-b.slice` lies in `a.slice`), then its
 * name. Of a template the instance's.
 */
function groupOf(look: Look): string {
  const slice = property(look, "Slice").replace(/\.slice$/, "");
  const parts = slice.split("-");
  const slices = parts.map((_, at) => `${parts.slice(0, at + 1).join("-")}.slice`);
  return [...(slice === "" ? [] : slices), look.unit.name.replace("@.", "@%i.")].join("/");
}

function hides(look: Look, path: string): boolean {
  return words(property(look, "ReadOnlyPaths")).some((one) =>
    ["/", path].includes(one.replace(/^[-+]+/, "")),
  );
}

const executable: Rule = (look) =>
  isSet(look, "NoExecPaths") ? addition(`ExecPaths=${look.launcher}`, "The launcher.") : {};

/** What a setting hides from the unit (systemd.exec(5)). */
function hiddenBy(look: Look, setting: string): readonly string[] {
  const value = property(look, setting);
  if (setting === "PrivateTmp") return isSet(look, setting) ? ["/tmp", "/var/tmp"] : [];
  if (setting === "ProtectHome")
    return ["yes", "tmpfs"].includes(value) ? ["/home", "/root", "/run/user"] : [];
  return words(value).map((one) => one.replace(/^[-+]+/, "").replace(/:.*$/, ""));
}

/** Destinations of BindPaths= and BindReadOnlyPaths= (`SOURCE:DESTINATION:OPTIONS`). */
function boundPaths(look: Look): readonly string[] {
  return ["BindPaths", "BindReadOnlyPaths"].flatMap((setting) =>
    words(property(look, setting)).map((one) => {
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

/** Settings with which systemd makes a unit a mount namespace (exec_needs_mount_namespace()). */
const mountSettings = [
  ...["PrivateTmp", "PrivateDevices", "PrivateMounts", "PrivateIPC", "PrivateNetwork"],
  ...["ProtectSystem", "ProtectHome", "ProtectProc", "ProcSubset", "ProtectHostname"],
  ...["ProtectKernelTunables", "ProtectKernelModules", "ProtectKernelLogs"],
  ...["ProtectControlGroups", "ReadWritePaths", "ReadOnlyPaths", "InaccessiblePaths"],
  ...["ExecPaths", "NoExecPaths", "BindPaths", "BindReadOnlyPaths", "TemporaryFileSystem"],
  ...["RootDirectory", "RootImage", "MountImages", "ExtensionImages", "LogNamespace"],
  ...["BindLogSockets", "MountAPIVFS"],
];

/** What makes the unit's mounts its own. */
export function mountsOf(look: Look): readonly string[] {
  const set = mountSettings.filter((name) => isSet(look, name));
  return isSet(look, "DynamicUser") ? [...set, "DynamicUser"] : set;
}

const mounts: Rule = (look): Partial<Found> => {
  const settings = mountsOf(look);
  if (settings.length === 0) return {};
  const by = `${settings.join("=, ")}=`;
  const lines = settings.map(withoutSetting);
  const sockets = look.policy.names.filter(
    ({ effect, permissions, pattern }) =>
      effect === "allow" && pattern.startsWith("/") && (permissions & Permission.listen) !== 0,
  );
  const { name, mediation } = look.policy;
  const { level } = look;
  if (mediation === "supervised" && level === "enforcing")
    return unitConflict(
      `the unit's mounts are its own (${by}), and there the mediator decides nothing: ${name} ` +
        "is supervised, and would be refused all that it asks",
      ...lines,
    );
  if (sockets.length > 0 && level === "enforcing")
    return unitConflict(
      `the unit's mounts are its own (${by}), and there the mediator binds no unix socket: ` +
        `\`${sockets[0]?.source.text}\` is refused`,
      ...lines,
    );
  return note(
    `the unit's mounts are its own (${by}): what only the mediator can do is refused there ` +
      "(making or removing a single granted name, bind of unix sockets, attributes); a level " +
      "that is switched to enforcing while the daemon runs refuses it everything until its " +
      "restart",
  );
};

function withoutSetting(name: string): string {
  const isSwitch =
    /^(?:Private|Protect|Mount|Dynamic|BindLog)/.test(name) && name !== "MountImages";
  if (name === "ProtectProc") return "ProtectProc=default";
  return isSwitch ? `${name}=no` : `${name}=`;
}

const delegation: Rule = (look) =>
  isSet(look, "Delegate")
    ? note(
        "Delegate= gives the daemon its control groups to arrange; no domain may write " +
          "control groups, so that it cannot",
      )
    : {};

const ownMemory: Rule = (look) =>
  isSet(look, "MemoryDenyWriteExecute")
    ? note(
        "MemoryDenyWriteExecute= holds for the holder too, which then can start no mediator: " +
          "the agent's is needed (the drop-in wants cofferdam-agent.service)",
      )
    : {};

/** Each is told of by itself. */
export const sandboxRules: readonly Rule[] = [
  systemCalls,
  namespaces,
  userNamespace,
  processNamespace,
  otherRoot,
  addresses,
  writable,
  executable,
  program,
  mounts,
  delegation,
  ownMemory,
];
