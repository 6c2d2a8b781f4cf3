import type { LsmEvent } from "../../kernel/bpf/lsm/event-reader.ts";
import {
  endpointLayout,
  endpointUses,
  OWN_PROCESSES,
  processActs,
  services,
} from "../../kernel/bpf/lsm/layout.ts";
import { capabilityNames } from "../../kinds/capabilities/model.ts";
import { ipcKinds } from "../../kinds/ipc/model.ts";
import { socketHelp, socketRequest, socketWords } from "../../kinds/sockets/events.ts";
import { decide } from "../../model/decide.ts";
import { formatEndpoint } from "../../model/network.ts";
import { Permission, type PermissionName } from "../../model/permission.ts";
import type { Policy } from "../../model/policy.ts";
import type { AddressRequest, Request } from "../../model/request.ts";
import { suggest } from "../../model/suggest.ts";
import { loggedRequest } from "../logged-request.ts";
import { remedyOf } from "../remedy.ts";
import type { Refused } from "./refused-request.ts";

/** The name of a domain by its number; `superDom` for 0. */
export type NameOfDomain = (number: number) => string;

/**
 * What the bpf-lsm engine found outside a domain, in the model's terms: one entry for each
 * permission that a name lacks, and one for anything else. `policy`: as the host has it now; null
 * if it is unknown.
 */
export function lsmRequests(
  event: LsmEvent,
  policy: Policy | null,
  nameOf: NameOfDomain,
): readonly Refused[] {
  // Unlike a sealed domain's, its signals are granted by domain.
  const asked = policy === null ? null : ({ ...policy, mediation: "supervised" } as const);
  return event.kind === "name" ? nameRequests(event, asked) : [otherRequest(event, asked, nameOf)];
}

/** No line of a policy grants it. */
function never(operation: string, object: string, help?: string): Refused {
  return {
    ...{ class: "syscall", operation, object, request: null, rule: null },
    ...{ reason: "never", allow: null, ...(help === undefined ? {} : { help }) },
  };
}

function explained(
  request: Request,
  words: Pick<Refused, "operation" | "object">,
  policy: Policy | null,
): Refused {
  const fixed = { class: request.class, ...words, request: loggedRequest(request) };
  if (policy === null) return { ...fixed, rule: null, reason: null, allow: suggest(request, null) };
  const decision = decide(policy, request);
  // It has changed since the kernel decided: it was replaced, or its file was and is not in force.
  if (decision.outcome === "granted")
    return {
      ...{ ...fixed, rule: null, reason: "granted-now", allow: null },
      help: `cofferdam domain reload ${policy.name} puts the policy into force, if it is not yet`,
    };
  const { by, reason } = decision;
  return { ...fixed, rule: by?.text ?? null, reason, ...remedyOf(policy, request, reason) };
}

const withoutName: Readonly<Record<Exclude<LsmEvent["nameState"], "found">, string>> = {
  none: "a file without a name",
  elsewhere: "a file that cannot be reached from the host's root",
  "too-long": "a file whose name is longer than 4,095 bytes",
  "kernel's": "a file below overlayfs",
};

function nameRequests(event: LsmEvent, policy: Policy | null): readonly Refused[] {
  const operations = (Object.keys(Permission) as PermissionName[]).filter(
    (name) => (event.permissions & Permission[name]) !== 0,
  );
  return operations.map((operation) => {
    const { nameState, name } = event;
    if (nameState !== "found") {
      const object = withoutName[nameState];
      return { ...never(operation, object), class: "name" };
    }
    const request = { class: "name", operation, path: name } as const;
    if ((event.own & Permission[operation]) === 0)
      return explained(request, { operation, object: name }, policy);
    const own = { rule: null, reason: "own-object", allow: null } as const;
    return { class: "name", operation, object: name, request: loggedRequest(request), ...own };
  });
}

const wordAt = ({ bytes }: LsmEvent, index: number): number =>
  Buffer.from(bytes).readUInt32LE(4 * index);

function otherRequest(event: LsmEvent, policy: Policy | null, nameOf: NameOfDomain): Refused {
  switch (event.kind) {
    case "gain":
      return gainRequest(event);
    case "memory":
      return explained(
        { class: "memory", kind: "jit" },
        { operation: "use", object: "jit: memory that was written becomes code" },
        policy,
      );
    case "address":
      return addressRequest(event, policy);
    case "socket":
      return socketRefused(event, policy);
    case "signal": {
      if (wordAt(event, 0) === OWN_PROCESSES)
        return {
          ...never("signal", `signal ${wordAt(event, 1)} to a process of Cofferdam`),
          ...{ class: "signal", reason: "own-object" },
        };
      const domain = nameOf(wordAt(event, 0));
      const object = `signal ${wordAt(event, 1)} to a process of ${domain}`;
      return explained({ class: "signal", domain }, { operation: "signal", object }, policy);
    }
    case "process":
      return processRequest(event, nameOf);
    case "capability": {
      const name = capabilityNames[wordAt(event, 0)] ?? `capability ${wordAt(event, 0)}`;
      return explained({ class: "capability", name }, { operation: "use", object: name }, policy);
    }
    case "service":
      return serviceRequest(event, policy);
    case "set-id":
    case "device":
      return never(event.kind === "set-id" ? "set-id bits" : "make a device node", event.name);
    case "root":
      return never("mount", "another root or mount, which would change what names mean");
    case "bpf":
      return never("bpf", "the kernel's BPF programs and maps");
    case "transition":
      return never("execve", "a transition that a tracer or no_new_privs would have a part in");
    default:
      return never("send", "a route by way of an address that was not judged");
  }
}

function gainRequest({ permissions, name, own }: LsmEvent): Refused {
  const gained = (Object.keys(Permission) as PermissionName[]).filter(
    (one) => (permissions & Permission[one]) !== 0,
  );
  const about = { class: "two-names", operation: "rename", object: `to ${name}` } as const;
  const refused = { ...about, request: null, rule: null, allow: null };
  if (own !== 0) return { ...refused, reason: "own-object" };
  return {
    ...{ ...refused, reason: "gain" },
    help: `the object would gain ${gained.join(" and ")} by its new name: grant it the old one too`,
  };
}

function addressRequest(event: LsmEvent, policy: Policy | null): Refused {
  const bytes = Buffer.from(event.bytes);
  const use = endpointUses[bytes.readUInt8(endpointLayout.use)] ?? "connect tcp";
  const length = bytes.readUInt8(endpointLayout.length);
  const request: AddressRequest = {
    class: "address",
    operation: use.startsWith("listen") ? "listen" : "connect",
    protocol: use.endsWith("tcp") ? "tcp" : "udp",
    address: Uint8Array.from(
      bytes.subarray(endpointLayout.address, endpointLayout.address + length),
    ),
    port: bytes.readUInt16LE(endpointLayout.port),
  };
  const { operation, protocol, address, port } = request;
  const object = `${protocol} ${formatEndpoint(address, port)}`;
  return explained(request, { operation, object }, policy);
}

function socketRefused(event: LsmEvent, policy: Policy | null): Refused {
  const asked = { family: wordAt(event, 0), type: wordAt(event, 1), protocol: wordAt(event, 2) };
  const words = { operation: "create", object: socketWords(asked) };
  const help = policy === null ? null : socketHelp(asked, policy);
  if (help !== null)
    return { class: "socket", ...words, request: null, rule: null, allow: null, ...help };
  return explained(socketRequest(asked), words, policy);
}

const acts: Readonly<Record<string, string>> = {
  trace: "trace",
  inspect: "look into",
  traced: "be traced by",
  limit: "change the limits of",
  schedule: "schedule",
  sibling: "make a child for",
  owner: "have signals sent to",
};

function processRequest(event: LsmEvent, nameOf: NameOfDomain): Refused {
  const act = processActs[wordAt(event, 1)] ?? "trace";
  const isUnknown = act === "owner" || act === "sibling";
  const object = isUnknown
    ? "a process that was not judged"
    : `a process of ${nameOf(wordAt(event, 0))}`;
  return { ...never(acts[act] ?? act, object), class: "signal" };
}

/** The call by which it begins, which a policy names. */
const beginning: Readonly<Record<string, string>> = {
  keys: "add_key",
  perf: "perf_event_open",
  io_uring: "io_uring_setup",
  userfaultfd: "userfaultfd",
};

function serviceRequest(event: LsmEvent, policy: Policy | null): Refused {
  const service = services[wordAt(event, 0)] ?? "shm";
  const kind = ipcKinds.find((one) => one === service);
  if (kind !== undefined)
    return explained({ class: "ipc", kind }, { operation: "use", object: kind }, policy);
  const call = beginning[service];
  if (call !== undefined)
    return explained({ class: "syscall", name: call }, { operation: "call", object: call }, policy);
  return service === "terminal"
    ? never("ioctl", "input put into a terminal (TIOCSTI, TIOCLINUX)")
    : never("unshare", "a user namespace");
}
