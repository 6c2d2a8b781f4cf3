/**
 * The session server (docs/shell.md): root's, resident, outside every domain. Clients are native/session/; who they are is the kernel's word about the socket.
 * Here: sockets, who may connect to which, and what each verb does. Not here: the setting that leads shells this way (host/shell-sandbox/). Only cli/ imports this file.
 */
import { EFD_CLOEXEC, POLLIN, SOCK_STREAM } from "../kernel/constants.ts";
import { Epoll } from "../kernel/epoll.ts";
import { close, pollReady, read, syscall, write } from "../kernel/ffi.ts";
import { type FileLock, lockFile } from "../kernel/file-lock.ts";
import { type SocketPeer, socketPeer } from "../kernel/peer.ts";
import { acceptFrom, listenAt } from "../kernel/unix-listener.ts";
import { Connection } from "./connection.ts";
import { hasRoomFor } from "./room.ts";
import type { Verb } from "./verb.ts";

/** What is read from an eventfd(2) and written to it: one u64. */
const EVENT_BYTES = 8;

/** Everybody may connect: who may do what is decided by the peer. */
const SOCKET_MODE = 0o666;

export interface ServerOptions {
  /** Its lock: a second server ends at once. */
  readonly lock: string;
  /** By socket. */
  readonly verbs: ReadonlyMap<string, Verb>;
  readonly log: (text: string) => void;
}

export class SessionServer {
  readonly #epoll = new Epoll();
  readonly #log: (text: string) => void;
  readonly #lock: FileLock;
  readonly #connections = new Set<Connection>();
  /** Written to where something else than a descriptor may end the server. */
  readonly #wake = syscall("eventfd2", 0, EFD_CLOEXEC);
  readonly #listeners: { readonly fd: number; readonly watched: number }[] = [];
  #isStopping = false;

  private constructor({ verbs, log }: ServerOptions, lock: FileLock) {
    this.#log = log;
    this.#lock = lock;
    this.#epoll.add(this.#wake, POLLIN, { ready: () => void read(this.#wake, Buffer.alloc(EVENT_BYTES)) });
    for (const [path, verb] of verbs) {
      const fd = listenAt(path, SOCK_STREAM, SOCKET_MODE);
      const watched = this.#epoll.add(fd, POLLIN, { ready: () => this.#accept(fd, verb) });
      this.#listeners.push({ fd, watched });
    }
  }

  /** null where there is one already. */
  static open(options: ServerOptions): SessionServer | null {
    const lock = lockFile(options.lock);
    return lock === null ? null : new SessionServer(options, lock);
  }

  /** Serves until it was told to stop and the last session has ended. */
  async run(): Promise<void> {
    while (!this.#isStopping || this.#connections.size > 0) {
      await pollReady([{ fd: this.#epoll.fd, events: POLLIN }]);
      this.#epoll.wait(0);
    }
    this.#lock.release();
  }

  /** Sessions go on; nobody new is let in. */
  stop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    for (const { fd, watched } of this.#listeners) {
      this.#epoll.remove(watched);
      close(fd);
    }
    for (const connection of this.#connections) if (connection.isWaiting) connection.close();
    this.#look();
  }

  /** Lets {@link run} see whether it is done. */
  #look(): void {
    const one = Buffer.alloc(EVENT_BYTES);
    one.writeBigUInt64LE(1n);
    write(this.#wake, one);
  }

  #accept(listener: number, verb: Verb): void {
    const socket = acceptFrom(listener);
    if (socket === null) return;
    const peer = this.#peerOf(socket);
    if (peer === null) close(socket);
    else if (hasRoomFor(peer.uid, this.#connections)) this.#serve(socket, peer, verb);
    else this.#turnAway(socket, peer, verb);
  }

  #turnAway(socket: number, peer: SocketPeer, verb: Verb): void {
    try {
      verb.turnedAway?.(peer);
    } catch (error) {
      this.#logFailure("somebody who was turned away is not told of", error);
    } finally {
      peer.close();
      close(socket);
    }
  }

  #serve(socket: number, peer: SocketPeer, verb: Verb): void {
    const connection = new Connection(socket, peer, this.#epoll, {
      request: async (request, descriptors, from) => {
        try {
          await verb.begin(request, descriptors, from);
        } catch (error) {
          this.#logFailure("a request failed", error);
          from.refuse("the session server could not do it; its messages say why");
        }
      },
      failed: (error) => this.#logFailure("a session's client is let go", error),
      closed: (ended) => {
        this.#connections.delete(ended);
        if (this.#isStopping) this.#look();
      },
    });
    this.#connections.add(connection);
  }

  /** One client's trouble is not the others'. */
  #logFailure(what: string, error: unknown): void {
    this.#log(`${what}: ${error instanceof Error ? error.stack : error}`);
  }

  /** Whoever cannot be looked at, for want of descriptors say, is not let in. */
  #peerOf(socket: number): SocketPeer | null {
    try {
      return socketPeer(socket);
    } catch (error) {
      this.#logFailure("a client cannot be looked at", error);
      return null;
    }
  }
}
