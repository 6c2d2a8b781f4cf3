/**
 * The session server (docs/shell.md): a resident process of root's, outside every domain. Its
 * clients are native/session/. This file has the sockets, which processes may connect to each, and
 * what each verb does; the setting that sends logins here is in host/shell-sandbox/. Only cli/
 * imports this file.
 */
import { SHARED_FILE } from "../base/modes.ts";
import { EFD_CLOEXEC, POLLIN, SOCK_STREAM } from "../kernel/constants.ts";
import { Epoll } from "../kernel/epoll.ts";
import { close, pollReady, read, syscall, write } from "../kernel/ffi.ts";
import { type FileLock, lockFile } from "../kernel/file-lock.ts";
import type { SocketPeer } from "../kernel/peer.ts";
import { listenAt } from "../kernel/unix-listener.ts";
import type { Attendant, News } from "./attendant.ts";
import { Connection } from "./connection.ts";
import { Door } from "./door.ts";
import { type Counted, hasRoomFor } from "./room.ts";
import { SpareAttendants } from "./spare-attendants.ts";
import type { Passed, Verb } from "./verb.ts";

/** The size of a read from and a write to an eventfd(2). */
const EVENT_BYTES = 8;

/** Every process may connect: each verb judges the peer. */
const SOCKET_MODE = SHARED_FILE;

export interface ServerOptions {
  /** The path of the lock; a second server exits at once. */
  readonly lock: string;
  /** The path of the attendant (native/session/). */
  readonly program: string;
  readonly verbs: ReadonlyMap<string, Verb | Passed>;
  readonly log: (text: string) => void;
}

export class SessionServer {
  readonly #epoll = new Epoll();
  readonly #log: (text: string) => void;
  readonly #lock: FileLock;
  readonly #verbs: readonly (Verb | Passed)[];
  readonly #listeners: readonly number[];
  readonly #spare: SpareAttendants;
  /** Everything that has an attendant counts against the limits. */
  readonly #present = new Set<Counted>();
  readonly #connections = new Set<Connection>();
  readonly #door: Door;
  /** Written to when the server may have to exit for a reason that is no descriptor's event. */
  readonly #wake = syscall("eventfd2", 0, EFD_CLOEXEC);
  #isStopping = false;

  private constructor({ verbs, program, log }: ServerOptions, lock: FileLock) {
    this.#log = log;
    this.#lock = lock;
    this.#epoll.add(this.#wake, POLLIN, {
      ready: () => void read(this.#wake, Buffer.alloc(EVENT_BYTES)),
    });
    this.#verbs = [...verbs.values()];
    this.#listeners = [...verbs.keys()].map((path) => listenAt(path, SOCK_STREAM, SOCKET_MODE));
    this.#door = new Door([...verbs.keys()], log);
    this.#spare = new SpareAttendants(program, this.#listeners, this.#epoll, {
      came: (attendant, news) => this.#came(attendant, news),
      failed: (what, error) => this.#logFailure(what, error),
    });
  }

  /** null if another server has the lock. */
  static open(options: ServerOptions): SessionServer | null {
    const lock = lockFile(options.lock);
    return lock === null ? null : new SessionServer(options, lock);
  }

  /** Serves until {@link stop} was called and the last session has ended. */
  async run(): Promise<void> {
    while (!this.#isStopping || this.#connections.size > 0) {
      await pollReady([{ fd: this.#epoll.fd, events: POLLIN }]);
      this.#epoll.wait(0);
    }
  }

  /** Sessions go on. This server accepts no new ones, so another server may start. */
  stop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    // Closes the listeners first: the last copies are then an attendant's (spare-attendants.ts).
    for (const listener of this.#listeners) close(listener);
    this.#spare.close();
    for (const connection of this.#connections)
      if (connection.isWaiting) connection.refuse("the session server ends");
    this.#lock.release();
    this.#look();
  }

  /** Wakes {@link run}. */
  #look(): void {
    const one = Buffer.alloc(EVENT_BYTES);
    one.writeBigUInt64LE(1n);
    write(this.#wake, one);
  }

  #came(attendant: Attendant, { listener, uid, peer }: Extract<News, { kind: "came" }>): void {
    this.#door.look(this.#present);
    const verb = this.#verbs[listener];
    if (peer === null || verb === undefined || this.#isStopping || !hasRoomFor(uid, this.#present))
      this.#turnAway(attendant, uid, peer, verb);
    else if (verb.kind === "verb") this.#serve(attendant, peer, verb);
    else this.#passOn(attendant, peer, verb);
  }

  /**
   * Refuses a connection. Its attendant may block for ever when it closes the client's descriptors,
   * so the connection counts until the attendant has exited.
   */
  #turnAway(
    attendant: Attendant,
    uid: number,
    peer: SocketPeer | null,
    verb: Verb | Passed | undefined,
  ): void {
    this.#count(attendant, uid, () => undefined);
    attendant.dismiss();
    if (peer === null) return;
    try {
      if (verb?.kind === "verb") verb.turnedAway?.(peer);
    } catch (error) {
      this.#logFailure("a refused connection could not be logged", error);
    } finally {
      peer.close();
    }
  }

  #count(attendant: Attendant, uid: number, gone: () => void): void {
    const counted: Counted = {
      ...{ peer: { uid }, isWaiting: true },
      get isStuck() {
        return attendant.isStuck;
      },
    };
    this.#present.add(counted);
    attendant.owner = {
      guard: (work) => this.#guard(attendant, work),
      heard: () => undefined,
      gone: () => {
        this.#leave(counted);
        gone();
      },
    };
  }

  #leave(counted: Counted): void {
    this.#present.delete(counted);
    if (!this.#isStopping) this.#door.look(this.#present);
  }

  #passOn(attendant: Attendant, peer: SocketPeer, passed: Passed): void {
    this.#count(attendant, peer.uid, () => passed.left(attendant.pid));
    passed.came(attendant.pid, peer);
    attendant.send("p", Buffer.from(passed.to));
  }

  #serve(attendant: Attendant, peer: SocketPeer, verb: Verb): void {
    const connection = new Connection(attendant, peer, this.#epoll, {
      request: async (request, from) => {
        try {
          await verb.begin(request, from);
        } catch (error) {
          this.#logFailure("a request failed", error);
          from.refuse("the session server could not do it; its log says why");
        }
      },
      failed: (error) => this.#logFailure("a client is let go", error),
      closed: (ended) => {
        this.#connections.delete(ended);
        if (this.#isStopping) this.#look();
      },
      gone: (ended) => this.#leave(ended),
    });
    this.#present.add(connection);
    this.#connections.add(connection);
  }

  #guard(attendant: Attendant, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#logFailure("a client is let go", error);
      attendant.dismiss();
    }
  }

  #logFailure(what: string, error: unknown): void {
    this.#log(`${what}: ${error instanceof Error ? error.stack : error}`);
  }
}
