import type {
  BestEffort,
  CoreDumps,
  InheritKind,
  IpcKind,
  Level,
  Mediation,
} from "../model/policy.ts";

export const levels = ["enforcing", "warning", "disabled"] as const satisfies readonly Level[];
export const mediations = ["sealed", "supervised"] as const satisfies readonly Mediation[];
export const ipcKinds = ["shm", "sem", "msg", "mqueue"] as const satisfies readonly IpcKind[];
export const inheritKinds = [
  "stdio",
  "stdio-sockets",
  "listen",
] as const satisfies readonly InheritKind[];
export const coreDumps = ["none", "allowed"] as const satisfies readonly CoreDumps[];
export const bestEfforts = [
  "addresses",
  "unix",
  "signals",
  "ioctl",
  "ipc",
  "events",
] as const satisfies readonly BestEffort[];
