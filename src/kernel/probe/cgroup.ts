import { existsSync, mkdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import {
  BPF_CGROUP_INET4_CONNECT,
  BPF_CGROUP_UDP4_RECVMSG,
  BPF_CGROUP_UNIX_CONNECT,
  BPF_CGROUP_UNIX_SENDMSG,
  BPF_F_ALLOW_MULTI,
  BPF_PROG_ATTACH,
  BPF_PROG_GET_FD_BY_ID,
  BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
  ENOENT,
  O_CLOEXEC,
  O_DIRECTORY,
} from "../constants.ts";
import { close, ErrnoError, open } from "../ffi.ts";
import type { FeatureName, Probe } from "../host-facts.ts";
import { bpfAttrProgAttach } from "../structs.ts";
import { no, refused, yes } from "./answer.ts";
import { bpf, loadTinyProgram } from "./bpf-program.ts";
import { OWN_GROUP } from "./caller.ts";

/** prog_id, next_id and open_flags of union bpf_attr. There is no program 0. */
const BY_ID_BYTES = 12;

type CgroupFeature = Extract<FeatureName, `cgroup-${string}`>;

/** Attaches programs that allow everything to a new empty cgroup, and removes both. */
export function probeCgroup(cgroup2: string | null): Record<CgroupFeature, Probe> {
  if (cgroup2 === null) return both(no("no cgroup v2 hierarchy is mounted"));
  const above = aboveDomains(cgroup2);
  const directory = join(above, `cofferdam-probe-${process.pid}`);
  try {
    mkdirSync(directory);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return both(no(`no cgroup can be made below ${above}: ${why}`));
  }
  try {
    const fd = open(directory, O_DIRECTORY | O_CLOEXEC);
    try {
      return {
        "cgroup-inet": allAttachable(fd, [BPF_CGROUP_INET4_CONNECT, BPF_CGROUP_UDP4_RECVMSG]),
        "cgroup-unix": allAttachable(fd, [BPF_CGROUP_UNIX_CONNECT, BPF_CGROUP_UNIX_SENDMSG]),
      };
    } finally {
      close(fd);
    }
  } catch (error) {
    if (error instanceof ErrnoError) return both(no(error.message));
    throw error;
  } finally {
    rmdirSync(directory);
  }
}

/**
 * Where a domain's cgroup is made. Where systemd mounts the hierarchy, its root has mode 0555: a
 * caller without CAP_DAC_OVERRIDE, as of a unit with CapabilityBoundingSet=, makes none there.
 */
function aboveDomains(cgroup2: string): string {
  const own = join(cgroup2, OWN_GROUP);
  return existsSync(own) ? own : cgroup2;
}

function allAttachable(cgroup: number, attachTypes: readonly number[]): Probe {
  const probes = attachTypes.map((type) => attachable(cgroup, type));
  return probes.find((probe) => probe.state !== "yes") ?? yes;
}

function attachable(cgroup: number, attachType: number): Probe {
  const program = loadTinyProgram({ type: BPF_PROG_TYPE_CGROUP_SOCK_ADDR, attachType, returns: 1 });
  if (program < 0) return refused(`loading a cgroup program of kind ${attachType}`, program);
  try {
    const attributes = bpfAttrProgAttach.encode({
      target_fd: cgroup,
      attach_bpf_fd: program,
      attach_type: attachType,
      attach_flags: BPF_F_ALLOW_MULTI,
    });
    const attached = bpf(BPF_PROG_ATTACH, attributes);
    return attached < 0
      ? refused(`attaching a cgroup program of kind ${attachType}`, attached)
      : lookedAt();
  } finally {
    close(program);
  }
}

/**
 * Every start verifies the programs at a cgroup. Inspecting them takes CAP_SYS_ADMIN, which
 * attaching does not.
 */
function lookedAt(): Probe {
  const nobodys = Buffer.alloc(BY_ID_BYTES);
  const answer = bpf(BPF_PROG_GET_FD_BY_ID, nobodys);
  return answer === -ENOENT ? yes : refused("looking at an attached program", answer);
}

function both(probe: Probe): Record<CgroupFeature, Probe> {
  return { "cgroup-inet": probe, "cgroup-unix": probe };
}
