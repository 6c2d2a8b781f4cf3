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
import { answersWords } from "./udp-answers.ts";

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
    internetSockets(given),
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
    detail:
      `${detail}; all of ${wider} may be read, because the kernel keeps no rules on names ` +
      "inside it",
  };
}

function sockets(name: string, { mode, granted, why }: Holding, datagrams: boolean): Layer {
  const free =
    "no destination for datagrams is granted: no datagram socket can be made, and the " +
    "mediator decides no message";
  const details = {
    kernel: why,
    broker: `the broker judges each call: ${why}${datagrams ? "" : `; ${free}`}`,
    refused: granted ? `no such socket can be made: ${why}` : "none granted, so none can be made",
  };
  const detail = details[mode];
  return { name, state: mode === "refused" && granted ? "lost" : "enforced", detail };
}

/** If the mediator judges unix datagrams, it judges every send: no register tells the family. */
function internetSockets({
  policy,
  modes,
  datagrams,
}: Pick<Parameters<typeof reportLayers>[0], "policy" | "modes" | "datagrams">): Layer {
  const layer = sockets("internet sockets", modes.inet, datagrams);
  if (modes.inet.mode === "refused" || modes.inet.by === "landlock") return layer;
  const isAsked = modes.inet.by === "broker" || (modes.unix.mode === "broker" && datagrams);
  const asked = modes.inet.by === "cgroup" && isAsked ? "; the mediator judges sends first" : "";
  const answers = answersWords(policy, !isAsked);
  return answers === "" ? layer : { ...layer, detail: `${layer.detail}${asked}${answers}` };
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
      `${free} cost nothing: unix streams cannot be reconnected${held}.`,
      ...(attachable ? [heldAtSocketUnits] : []),
      `A run that inherits ${asked} has no cgroup programs,`,
      "because these judge only sockets that are made in their group.",
      `The mediator then judges: ${price}`,
    ].join(" "),
  };
}

/** `native/activation.c` verifies each of these conditions; otherwise the broker is asked. */
const heldAtSocketUnits = [
  "Internet sockets that systemd made for a socket unit cost nothing either:",
  "during the run the programs are also attached to that unit's control group, if root owns it",
  "and it contains no process, no group and no other program.",
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
      detail: `every process except Cofferdam's may be signalled${abstract}`,
    };
  const held = (scoped & LANDLOCK_SCOPE_SIGNAL) !== 0n;
  return {
    name: "signals",
    state: "enforced",
    detail: `${held ? "Landlock scope" : "the mediator decides each signal"}${abstract}`,
  };
}

/** Reported only if a process's domain may be uncertain. */
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
        detail: "refusals by the mediator; as root with an agent also refusals by the kernel",
      }
    : {
        name: "events",
        state: "partial",
        detail: "only refusals by the mediator; the kernel does not report its denials",
      };
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}
