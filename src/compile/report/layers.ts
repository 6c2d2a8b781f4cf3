import {
  LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET,
  LANDLOCK_SCOPE_SIGNAL,
} from "../../kernel/constants.ts";
import type { HostFacts } from "../../kernel/host-facts.ts";
import { boundedCapabilities } from "../../kinds/capabilities/compile.ts";
import type { GrantedWords } from "../../kinds/model.ts";
import type { Policy } from "../../model/policy.ts";
import type { SealedView } from "../../model/sealed-view.ts";
import type { Identity, LandlockPlan } from "../../plan/plan.ts";
import type { CgroupLayer } from "../cgroup-layer.ts";
import { sealedLayers } from "../held-words.ts";
import { priceOfAsking } from "../price.ts";
import type { Activation } from "../sockets/activation.ts";
import type { Holding, SocketModes } from "../sockets/modes.ts";
import type { Layer } from "../word-holding.ts";
import { coreFiles } from "./core-files.ts";

/** Each layer as it will be: enforced, partial with what is missing, or lost. */
export function reportLayers(given: {
  policy: Policy;
  landlock: LandlockPlan;
  identity: Identity;
  modes: SocketModes;
  view: SealedView;
  facts: HostFacts;
  instructions: number;
  signalsAny: boolean;
  held: GrantedWords;
  cgroup: CgroupLayer;
  activation: Activation | null;
  /** A destination for datagrams is granted. */
  datagrams: boolean;
}): Layer[] {
  const { landlock, identity, modes, view, facts, instructions } = given;
  return [
    files(landlock, view),
    {
      name: "system calls",
      state: "enforced",
      detail: `seccomp filter of ${instructions} instructions with a listener`,
    },
    sockets("internet sockets", modes.inet, given.datagrams),
    sockets("unix sockets", modes.unix, given.datagrams),
    ...(given.activation === null ? [] : [activationSockets(given.activation, facts)]),
    signals(landlock, given.signalsAny),
    boundedCapabilities(identity, facts),
    {
      name: "privileges on exec",
      state: identity.noNewPrivileges ? "enforced" : "partial",
      detail: identity.noNewPrivileges
        ? "no_new_privs"
        : "set-user-id programs keep working, within the bounding set",
    },
    ...sealedLayers(given.held),
    coreFiles(given.policy, facts),
    ...membership(given.cgroup),
    denialRecords(facts),
  ];
}

function files(landlock: LandlockPlan, view: SealedView): Layer {
  const directories = landlock.paths.filter((rule) => rule.directory).length;
  const inodes = landlock.paths.length - directories;
  const detail = [
    "Landlock",
    count(directories, "directory", "directories"),
    count(inodes, "single inode", "single inodes"),
  ].join(", ");
  if (view.widened.length === 0) return { name: "files", state: "enforced", detail };
  const wider = view.widened.map(({ path }) => path).join(", ");
  return {
    name: "files",
    state: "partial",
    detail: `${detail}; all of ${wider} may be read, because finer rules there would not last`,
  };
}

function sockets(name: string, { mode, granted, why }: Holding, datagrams: boolean): Layer {
  const free =
    "no destination for datagrams is granted: no datagram socket can be made, and no message is" +
    " asked about";
  const details = {
    kernel: why,
    broker: `the broker judges each call: ${why}${datagrams ? "" : `; ${free}`}`,
    refused: granted ? `none are made: ${why}` : "none granted, none are made",
  };
  const detail = details[mode];
  return { name, state: mode === "refused" && granted ? "lost" : "enforced", detail };
}

function activationSockets(
  { asked, tcpHeld, attachable }: Activation,
  { features }: HostFacts,
): Layer {
  const price = priceOfAsking(
    features["seccomp-sync-wakeup"].state === "yes",
    "done",
    "connect and send of such a run",
  );
  const free = tcpHeld ? "Unix streams and TCP" : "Unix streams";
  const held = tcpHeld ? ", as Landlock holds TCP ports" : "";
  return {
    name: "activation sockets",
    state: "enforced",
    detail: [
      `${free} cost nothing: the former go nowhere else${held}.`,
      ...(attachable ? [heldAtSocketUnits] : []),
      `A run that is given ${asked} has none of the cgroup programs,`,
      "since they hold a socket where it was made, and these were made elsewhere.",
      `There the broker judges: ${price}`,
    ].join(" "),
  };
}

/** `native/activation.c` verifies each of these conditions; otherwise the broker is asked. */
const heldAtSocketUnits = [
  "Internet sockets that systemd made for a socket unit cost nothing either:",
  "while the run lasts the programs are attached to that unit's own control group too,",
  "if it is root's, has no process and no group in it, and no other program judges there.",
].join(" ");

function signals({ scoped }: LandlockPlan, any: boolean): Layer {
  const abstract =
    (scoped & LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET) !== 0n
      ? "; abstract sockets stay inside the domain"
      : "";
  if (any)
    return {
      name: "signals",
      state: "enforced",
      detail: `every process but Cofferdam's may be signalled${abstract}`,
    };
  const held = (scoped & LANDLOCK_SCOPE_SIGNAL) !== 0n;
  return {
    name: "signals",
    state: "enforced",
    detail: `${held ? "Landlock scope" : "each signal is asked about"}${abstract}`,
  };
}

/** How the domain's processes are identified, reported only where that is not certain. */
export function membership(cgroup: CgroupLayer): Layer[] {
  if (cgroup.kind !== "absent") return [];
  const walking = "Cofferdam finds a process's domain by walking its parents";
  const detail = `no control group of their own (${cgroup.why}): ${walking}`;
  return [{ name: "processes", state: "partial", detail }];
}

function denialRecords({ features }: HostFacts): Layer {
  const seen = features["landlock-log"].state === "yes" && features["audit-read"].state === "yes";
  return seen
    ? {
        name: "events",
        state: "enforced",
        detail: "refusals of the broker; as root with an agent those of the kernel, too",
      }
    : {
        name: "events",
        state: "partial",
        detail: "refusals of the broker only; the kernel keeps its denials to itself",
      };
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}
