import { constants } from "node:fs";
import { isUtf8Name } from "../../compile/utf8-name.ts";
import { number } from "../../kernel/syscalls.ts";
import { isCapability } from "../../kinds/capabilities/model.ts";
import type { NameRequest, Request, TwoNameRequest } from "../../model/request.ts";
import { statusOf } from "../explain/names.ts";
import { spellRequest } from "../explain/spell-request.ts";
import {
  addressArgument,
  callArgument,
  capabilityArgument,
  socketArgument,
  twoNamesArgument,
} from "./arguments.ts";
import type { Attempt } from "./attempts.ts";

/**
 * What an attempt finds at a name, made in a view of its own (`view.ts`): nothing, or what the test
 * made. `over`: a socket before the one that is there, so that no server is woken.
 */
export interface Prop {
  readonly path: string;
  readonly is: "absent" | "file" | "program" | "directory" | "socket" | "over";
  /** The attempt changes the name: no other attempt of the same view may use it. */
  readonly changes: boolean;
}

/** How a request is tried without an effect on the host, or why it is not. */
export type CaseAttempt =
  | { readonly attempt: Attempt; readonly props: readonly Prop[]; readonly needsView: boolean }
  | { readonly notTried: string };

/** `pid`: the command that asks, a process outside the domain. */
export function caseAttempt(request: Request, domain: string, pid: number): CaseAttempt {
  switch (request.class) {
    case "name":
      return onName(request);
    case "two-names":
      return onTwoNames(request);
    case "address":
      if (request.answersFrom !== undefined) return not("an answer needs a client");
      return inView(request, addressArgument(request));
    case "socket": {
      const argument = socketArgument(request);
      return argument === null ? not("its family has no name") : asIs(request, argument);
    }
    case "capability":
      return isCapability(request.name)
        ? asIs(request, capabilityArgument(request.name))
        : not("this kernel has no such capability");
    case "syscall":
      return onCall(request, request.name);
    case "ipc":
      return inView(request, `ipc ${request.kind}`);
    case "memory":
      if (request.kind === "dlopen") return not("it needs a library and a second thread");
      return asIs(request, `memory ${request.kind}`);
    case "signal":
      if (request.domain === "superDom") return asIs(request, `signal ${pid}`);
      if (request.domain === domain) return asIs(request, "signal self");
      return not("no process of another domain is signalled");
    case "inherit":
      return not("descriptors are handed over when a daemon starts");
  }
}

function not(notTried: string): CaseAttempt {
  return { notTried };
}

/** On what is there, without an effect. */
function asIs(request: Request, argument: string): CaseAttempt {
  return { attempt: attemptOf(request, argument), props: [], needsView: false };
}

function inView(request: Request, argument: string, ...props: readonly Prop[]): CaseAttempt {
  return { attempt: attemptOf(request, argument), props, needsView: true };
}

function attemptOf(request: Request, argument: string): Attempt {
  return { what: spellRequest(request), argument, request };
}

/** Their effect depends on no argument, or they end the program that tries. */
const calledInVain: ReadonlySet<string> = new Set([
  ...["fork", "vfork", "exit", "exit_group", "vhangup", "sync", "reboot", "kill", "pause"],
  ...["rt_sigreturn", "restart_syscall", "uretprobe", "uprobe", "munlockall", "close", "write"],
]);

function onCall(request: Request, name: string): CaseAttempt {
  if (calledInVain.has(name)) return not("its effect depends on no argument");
  if (number(name) === null) return not("this kernel has no such call");
  return asIs(request, callArgument(name));
}

/** What opening these does is known: nothing. */
const harmlessDevices: ReadonlySet<string> = new Set(
  ["null", "zero", "full", "random", "urandom"].map((name) => `/dev/${name}`),
);
/** Names that the kernel makes. */
export const kernelFolders: readonly string[] = ["/proc", "/sys", "/dev"];

type Kind = "absent" | "file" | "directory" | "socket" | "special";

const kinds: Readonly<Record<number, Kind>> = {
  [constants.S_IFREG]: "file",
  [constants.S_IFDIR]: "directory",
  [constants.S_IFSOCK]: "socket",
};

function kindOf(path: string): Kind {
  const status = statusOf(path);
  return status === null ? "absent" : (kinds[status.mode & constants.S_IFMT] ?? "special");
}

function onName(request: NameRequest): CaseAttempt {
  const { operation, path } = request;
  if (!isUtf8Name(path)) return not("its name is not UTF-8");
  const kind = path.startsWith("@") ? "absent" : kindOf(path);
  const is = kind === "directory" ? kind : "file";
  switch (operation) {
    case "connect":
    case "listen":
      return onSocket(request, kind);
    case "ioctl":
      return not("what an ioctl does depends on the device");
    case "read":
    case "map":
    case "write":
      return opening(request, kind);
    case "create":
      return onMade(request, `make ${path}`, { path, is: "absent", changes: true });
    case "delete":
      return onMade(request, `delete ${path}`, { path, is, changes: true });
    case "attributes":
      return onMade(request, `attributes ${path}`, { path, is, changes: false });
    case "execute":
      return onMade(request, `execute ${path}`, { path, is: "program", changes: false });
  }
}

function onMade(request: Request, argument: string, prop: Prop): CaseAttempt {
  return isOfKernel(prop.path)
    ? not("the kernel makes the names there")
    : inView(request, argument, prop);
}

function opening(request: NameRequest, kind: Kind): CaseAttempt {
  const { operation, path } = request;
  const argument = `${operation} ${path}`;
  if (kind === "socket") return not("a socket cannot be opened");
  if (kind === "special" && !harmlessDevices.has(path))
    return not("opening a device or a pipe may have an effect");
  if (isOfKernel(path))
    return kind === "absent" ? not("there is nothing of that name") : asIs(request, argument);
  if (kind !== "absent" && operation !== "write") return asIs(request, argument);
  if (kind === "directory") return not("it is a directory");
  return inView(request, argument, { path, is: "file", changes: false });
}

function isOfKernel(path: string): boolean {
  return kernelFolders.some((folder) => path.startsWith(`${folder}/`));
}

function onSocket(request: NameRequest, kind: Kind): CaseAttempt {
  const { operation, path } = request;
  const argument = `${operation === "connect" ? "unix" : "bind"} ${path}`;
  // Abstract names belong to the view's network.
  if (path.startsWith("@")) return inView(request, argument);
  if (operation === "listen")
    return inView(request, argument, { path, is: "absent", changes: true });
  if (kind !== "socket" && kind !== "absent") return not("it is no socket");
  const is = kind === "socket" ? "over" : "socket";
  return inView(request, argument, { path, is, changes: false });
}

function onTwoNames(request: TwoNameRequest): CaseAttempt {
  const { operation, from, to, directory, replaces } = request;
  if (!isUtf8Name(from) || !isUtf8Name(to)) return not("its name is not UTF-8");
  const is = directory ? "directory" : "file";
  const replaced = replaces && operation === "rename" ? is : "absent";
  return inView(
    request,
    twoNamesArgument(operation, from, to),
    { path: from, is, changes: true },
    { path: to, is: replaced, changes: true },
  );
}
