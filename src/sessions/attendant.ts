import { type ChildProcess, spawn } from "node:child_process";
import {
  AF_UNIX,
  MFD_CLOEXEC,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  POLLIN,
  SOCK_CLOEXEC,
  SOCK_SEQPACKET,
} from "../kernel/constants.ts";
import type { Epoll } from "../kernel/epoll.ts";
import { close, cString, syscall, syscallRaw, write } from "../kernel/ffi.ts";
import { killChild } from "../kernel/kill-child.ts";
import { type SocketPeer, toldPeer } from "../kernel/peer.ts";
import { receive } from "../kernel/receive.ts";
import { ucred } from "../kernel/structs/socket.ts";
import { number as syscallNumber } from "../kernel/syscalls.ts";
import { ATTENDANT_END_MS, READ_BYTES, STUCK_AFTER_MS } from "./limits.ts";
import { DESCRIPTORS } from "./wire.ts";

/**
 * What an attendant reports; the first byte of a packet is the kind (native/session/attendant.c).
 */
export type News =
  /**
   * The attendant has accepted a connection at one of the sockets. `peer` is null if the client has
   * exited already.
   */
  | {
      readonly kind: "came";
      readonly listener: number;
      readonly uid: number;
      readonly peer: SocketPeer | null;
    }
  /**
   * How many descriptors came, and the device number of each one that is a terminal, 0 for the
   * others.
   */
  | { readonly kind: "descriptors"; readonly count: number; readonly terminals: readonly number[] }
  | { readonly kind: "bytes"; readonly bytes: Buffer }
  | { readonly kind: "hung up" }
  | { readonly kind: "started"; readonly pid: number }
  | { readonly kind: "ended"; readonly status: number };

export interface Attended {
  guard(work: () => void): void;
  heard(news: News): void;
  gone(): unknown;
}

const SENDTO = syscallNumber("sendto") ?? 0;
const WORD = 4;

/**
 * The process that accepts a connection and holds its descriptors. The session server never holds
 * them, because closing one can block for ever. Then one attendant is stuck until the file's server
 * answers.
 */
export class Attendant {
  /** Gets all further events. */
  owner: Attended;
  readonly #epoll: Epoll;
  readonly #child: ChildProcess;
  readonly #control: number;
  readonly #orders: number;
  readonly #watched: number;
  /** By performance.now(). */
  #dismissed: number | null = null;
  #killer: NodeJS.Timeout | undefined;

  /** @throws ErrnoError if the host has no room for the process */
  constructor(program: string, listeners: readonly number[], epoll: Epoll, owner: Attended) {
    this.owner = owner;
    this.#epoll = epoll;
    const [own, others] = socketPair();
    this.#control = own;
    this.#orders = syscall("memfd_create", cString("orders"), MFD_CLOEXEC);
    this.#watched = epoll.add(own, POLLIN, { ready: () => this.owner.guard(() => this.#hear()) });
    try {
      this.#child = spawn(program, [String(listeners.length)], {
        stdio: ["ignore", "ignore", "ignore", others, this.#orders, ...listeners],
        // The terminal of the session server, if it has one, must not send signals to an attendant.
        detached: true,
        cwd: "/",
        env: {},
      });
    } catch (error) {
      epoll.remove(this.#watched);
      close(own);
      close(this.#orders);
      throw error;
    } finally {
      close(others);
    }
    let isGone = false;
    const gone = (): void => {
      if (isGone) return;
      isGone = true;
      clearTimeout(this.#killer);
      this.owner.guard(() => {
        this.dismiss();
        this.owner.gone();
      });
    };
    this.#child.once("exit", gone);
    this.#child.once("error", gone);
  }

  get isStuck(): boolean {
    return this.#dismissed !== null && performance.now() - this.#dismissed > STUCK_AFTER_MS;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /**
   * The path by which a client's terminal can be opened. Opening another kind of file by it may
   * block for ever.
   */
  pathOf(descriptor: number): string {
    return `/proc/${this.pid}/fd/${descriptor}`;
  }

  /** Never waits for the attendant: a packet that does not fit is dropped. */
  send(kind: "g" | "p" | "k" | "a" | "r", rest: Uint8Array = Buffer.alloc(0)): void {
    if (this.#dismissed !== null) return;
    const packet = Buffer.concat([Buffer.from(kind), rest]);
    syscallRaw(SENDTO, this.#control, packet, packet.length, MSG_DONTWAIT | MSG_NOSIGNAL, null, 0);
  }

  order(orders: Buffer): void {
    for (let at = 0; at < orders.length; ) at += write(this.#orders, orders.subarray(at));
    this.send("r");
  }

  /**
   * Nothing more is wanted of the attendant. It still reads what was sent, then closes its
   * descriptors and exits; closing may block.
   */
  dismiss(): void {
    if (this.#dismissed !== null) return;
    this.#dismissed = performance.now();
    this.#epoll.remove(this.#watched);
    close(this.#control);
    close(this.#orders);
    this.#child.unref();
    // SIGKILL ends a process that waits for a FUSE server which has not read the request yet.
    if (this.#child.exitCode === null && this.#child.signalCode === null)
      this.#killer = setTimeout(() => killChild(this.#child, "SIGKILL"), ATTENDANT_END_MS).unref();
  }

  #hear(): void {
    const packet = receive(this.#control, READ_BYTES, 1);
    if (packet.kind === "nothing") return;
    if (packet.kind === "error" || packet.bytes.length === 0) {
      this.dismiss();
      return;
    }
    const news = newsIn(packet.bytes, packet.descriptors[0] ?? null);
    if (news !== null) this.owner.heard(news);
  }
}

function newsIn(packet: Buffer, descriptor: number | null): News | null {
  const rest = packet.subarray(1);
  switch (String.fromCharCode(packet[0] ?? 0)) {
    case "p": {
      const { pid, uid, gid } = ucred.decode(rest.subarray(WORD));
      const groups = wordsIn(rest.subarray(WORD + ucred.size));
      const peer = descriptor === null ? null : toldPeer({ pid, uid, gid, groups }, descriptor);
      return { kind: "came", listener: rest.readUInt32LE(0), uid, peer };
    }
    case "d": {
      const [count = 0, ...terminals] = wordsIn(rest);
      return { kind: "descriptors", count, terminals: terminals.slice(0, DESCRIPTORS) };
    }
    case "b":
      return { kind: "bytes", bytes: rest };
    case "h":
      return { kind: "hung up" };
    case "s":
      return { kind: "started", pid: rest.readUInt32LE(0) };
    case "e":
      return { kind: "ended", status: rest.readUInt32LE(0) };
    default:
      return null;
  }
}

function wordsIn(bytes: Buffer): readonly number[] {
  return Array.from({ length: Math.floor(bytes.length / WORD) }, (_, at) =>
    bytes.readUInt32LE(WORD * at),
  );
}

function socketPair(): readonly [own: number, others: number] {
  const pair = Buffer.alloc(2 * WORD);
  syscall("socketpair", AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
  return [pair.readInt32LE(0), pair.readInt32LE(WORD)];
}
