import { readdirSync, readFileSync, readlinkSync, type Stats, statfsSync, statSync } from "node:fs";
import { NSFS_MAGIC, PID_FS_MAGIC } from "../../kernel/constants.ts";
import type { Refusal } from "../../mediate/answer/outcome.ts";
import { isConnectedUnixStream } from "../../mediate/calls/sockets/socket.ts";
import type { Broker } from "../../mediate/domain/broker.ts";
import { abi } from "../../mediate/sys/abi.ts";
import { close } from "../../mediate/sys/sys.ts";
import { copyDescriptor } from "../../mediate/target/target.ts";
import { decide } from "../../model/decide.ts";
import type { InheritKind } from "./model.ts";

/** From sd_listen_fds(3). At level enforcing `native/descriptors.c` closes what this reports. */
const LISTEN_START = 3;
const STDERR = 2;
const NULL_DEVICE = 0x103;

/**
 * The launcher closes the notification listener when it executes. So the thread that has it is the
 * launcher, and its other close-on-exec descriptors are Cofferdam's.
 */
const LISTENER = "anon_inode:seccomp notify";

const NOT_INHERITABLE =
  "the process that starts the daemon should close it: at level enforcing it is closed";

/**
 * The descriptors that thread `tid` brings into its domain beyond what `inherit` grants. Only the
 * launcher brings any: its execve is the first call of a domain started at level warning, where
 * descriptors are not closed. Empty for any other thread. Throws if the thread cannot be examined.
 */
export function inheritedOutside({ plan, policy }: Broker, tid: number): readonly Refusal[] {
  if (plan.level !== "warning") return [];
  const all = readdirSync(`/proc/${tid}/fd`).map((name) => new Descriptor(tid, Number(name)));
  if (!all.some((descriptor) => descriptor.isOurs && descriptor.name === LISTENER)) return [];
  const sockets = socketsPromised(tid, plan.attended);
  return all
    .filter((descriptor) => !descriptor.isOurs && !descriptor.isNothing)
    .map((descriptor) => ({ descriptor, kind: descriptor.kind(sockets) }))
    .filter(
      ({ kind }) =>
        kind === null || decide(policy, { class: "inherit", kind }).outcome !== "granted",
    )
    .map(({ descriptor, kind }) => ({
      class: "inherit",
      operation: "inherit",
      object: `descriptor ${descriptor.number}: ${descriptor.name}`,
      reason: kind === null ? "never" : "no-rule",
      request: kind === null ? null : { class: "inherit", kind },
      ...(kind === null ? { help: NOT_INHERITABLE } : {}),
    }));
}

class Descriptor {
  readonly number: number;
  /** A path, or the kind and number of an object without one. */
  readonly name: string;
  /** Closed by the execve. */
  readonly isOurs: boolean;
  readonly #tid: number;
  readonly #flags: number;

  constructor(tid: number, number: number) {
    this.#tid = tid;
    this.number = number;
    this.name = readlinkSync(this.#path);
    this.#flags = Number.parseInt(
      /^flags:\t(\d+)$/m.exec(readFileSync(`/proc/${tid}/fdinfo/${number}`, "latin1"))?.[1] ?? "0",
      8,
    );
    this.isOurs = (this.#flags & abi.O_CLOEXEC) !== 0;
  }

  get #path(): string {
    return `/proc/${this.#tid}/fd/${this.number}`;
  }

  /**
   * /dev/null, which replaces a standard descriptor that is not granted (major 1, minor 3 in the
   * kernel's devices.txt).
   */
  get isNothing(): boolean {
    return this.number <= STDERR && statSync(this.#path).rdev === NULL_DEVICE;
  }

  /**
   * null for a descriptor that `inherit` cannot grant. `promised`: the number of sockets of socket
   * activation.
   */
  kind(promised: number): InheritKind | null {
    const stats = statSync(this.#path);
    if (this.number > STDERR)
      return stats.isSocket() && this.number < LISTEN_START + promised ? "listen" : null;
    if (stats.isSocket()) return this.#isConnectedStream() ? "stdio-sockets" : null;
    return this.#isStandard(stats) ? "stdio" : null;
  }

  /**
   * Asks the socket itself. `/proc/PID/net/unix` would not show one of another network, as the
   * output of a unit with PrivateNetwork= is.
   */
  #isConnectedStream(): boolean {
    const copy = copyDescriptor(this.#tid, this.number);
    if (copy < 0) throw new Error(`descriptor ${this.number} cannot be copied: error ${-copy}`);
    try {
      return isConnectedUnixStream(copy);
    } finally {
      close(copy);
    }
  }

  #isStandard(stats: Stats): boolean {
    if ((this.#flags & abi.O_PATH) !== 0) return false;
    if (stats.isFIFO() || stats.isCharacterDevice()) return true;
    return stats.isFile() && ![PID_FS_MAGIC, NSFS_MAGIC].includes(statfsSync(this.#path).type);
  }
}

/**
 * LISTEN_FDS, if it is meant for this process. An attended daemon has another process id than
 * LISTEN_PID says.
 */
function socketsPromised(tid: number, attended: boolean): number {
  const environment = readFileSync(`/proc/${tid}/environ`, "latin1").split("\0");
  const value = (name: string) =>
    Number(environment.find((text) => text.startsWith(`${name}=`))?.slice(name.length + 1));
  return attended || value("LISTEN_PID") === tid ? value("LISTEN_FDS") || 0 : 0;
}
