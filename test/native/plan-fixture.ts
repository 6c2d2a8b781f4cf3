import { readFileSync } from "node:fs";
import { readPtraceScope } from "../../src/kernel/probe/caller.ts";
import { landlockAbi } from "../../src/kernel/probe/landlock.ts";
import { encodePlan } from "../../src/plan/encode.ts";
import type { Plan, SeccompPlan } from "../../src/plan/plan.ts";
import { policy } from "../model/helpers/policy.ts";

const FS_ALL = (1n << 16n) - 1n;
const FS_FILE = 0b1101_0000_0000_0111n & 0b1100_0000_0000_0111n;
const FS_READ = 0b1101n;
/** mkdir and mkdirat on x86_64. */
const notified = [83, 258];

/**
 * A filter that allows everything but foreign architectures, and notifies some calls (or does
 * something else with them).
 */
export function filterOf(notified: readonly number[], action = 0x7fc0_0000): Uint8Array {
  const rows: [number, number, number, number][] = [
    [0x20, 0, 0, 4],
    [0x15, 1, 0, 0xc000_003e],
    [0x06, 0, 0, 0x8000_0000],
    [0x20, 0, 0, 0],
    ...notified.map((number, index): [number, number, number, number] => [
      0x15,
      notified.length - index,
      0,
      number,
    ]),
    [0x06, 0, 0, 0x7fff_0000],
    [0x06, 0, 0, action],
  ];
  const view = new DataView(new ArrayBuffer(rows.length * 8));
  rows.forEach(([code, jt, jf, k], index) => {
    view.setUint16(index * 8, code, true);
    view.setUint8(index * 8 + 2, jt);
    view.setUint8(index * 8 + 3, jf);
    view.setUint32(index * 8 + 4, k, true);
  });
  return new Uint8Array(view.buffer);
}

/** With a listener: mkdir waits for the mediator. Without: it fails with EPERM. */
export function seccomp(listener: boolean): SeccompPlan {
  return { filter: filterOf(notified, listener ? 0x7fc0_0000 : 0x0005_0001), flags: 0, listener };
}

export interface PlanInput {
  readonly domain: string;
  readonly writable: string;
}

/** A small real plan: programs and libraries may be read and executed, one folder written. */
export function minimalPlan({ domain, writable }: PlanInput): Plan {
  const directory = (path: string, rights: bigint) => ({ path, directory: true, rights });
  return {
    domain,
    number: null,
    policyTag: null,
    level: "enforcing",
    mode: "sealed",
    engine: "landlock",
    attended: false,
    coreDumps: true,
    noNewCode: false,
    facts: [],
    host: {
      landlockAbi: landlockAbi(),
      ptraceScope: readPtraceScope(),
      withoutCgroup2: false,
      forOneStart: false,
    },
    identity: {
      user: null,
      noNewPrivileges: true,
      bounding: 2n ** 64n - 1n,
      ambient: 0n,
      privateIpc: false,
    },
    landlock: {
      handledFs: FS_ALL,
      handledNet: 0n,
      scoped: 3n,
      restrictFlags: 0,
      paths: [
        directory("/usr", FS_READ),
        directory("/etc", FS_READ),
        directory("/proc", FS_READ),
        directory(writable, FS_ALL),
        { path: "/dev/null", directory: false, rights: FS_FILE & ~1n },
      ],
      ports: [],
    },
    seccomp: seccomp(true),
    cgroup: null,
    // Node gives its children sockets for pipes.
    inherit: { stdio: true, stdioSockets: true, listen: false },
    automaton: new Uint8Array(),
    mediation: {
      policy: policy(),
      events: "/",
      live: false,
      sockets: { inet: "refused", unix: "refused" },
      kernelCreates: [],
      report: { layers: [], brokered: [], expanded: [], lost: [], resolved: [], pinned: [] },
    } as Plan["mediation"],
  };
}

export function bytesOf(plan: Plan, start = ""): Uint8Array {
  return encodePlan({ ...plan, facts: [...plan.facts, { kind: "start", text: start }] });
}

/** Effective capabilities of this process, as `status` of proc(5) shows them. */
export function ownCapabilities(): bigint {
  const line = /^CapEff:\t(\w+)$/m.exec(readFileSync("/proc/self/status", "utf8"));
  return BigInt(`0x${line?.[1] ?? "0"}`);
}
