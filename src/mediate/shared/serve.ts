/**
 * The host's one mediator. Holders of root's domains hand their listeners over (`hand-over.ts`),
 * each is served in turn, and forgotten when its last process is gone. It outlives the agent that
 * started it: a session of its own, every signal held back.
 */

import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { SOCK_SEQPACKET } from "../../kernel/constants.ts";
import { Epoll } from "../../kernel/epoll.ts";
import { lockFile } from "../../kernel/file-lock.ts";
import { acceptFrom, listenAt } from "../../kernel/unix-listener.ts";
import { Domain } from "../domain/domain.ts";
import type { Handed } from "../domain/handed.ts";
import { ProcessState } from "../domain/process-state.ts";
import { CALLERS_MAX, DOMAINS_MAX, THREADS_KEPT_SHARED_MAX } from "../limits.ts";
import { DomainLoop, type Surroundings } from "../loop/domain-loop.ts";
import { runLoop } from "../loop/loop.ts";
import { Timers } from "../loop/timers.ts";
import { POLLIN } from "../sys/abi.ts";
import { close, sys } from "../sys/sys.ts";
import { reap } from "../worker/reap.ts";
import { Caller } from "./caller.ts";
import { refusal } from "./peer.ts";
import { lockOf } from "./place.ts";

/** Nobody but root. */
const SOCKET_MODE = 0o600;

/**
 * Serves until it is killed; returns at once, with exit status 0, where another process holds the
 * lock.
 */
export function serveShared(socket: string): number {
  sys("setsid");
  mkdirSync(dirname(socket), { recursive: true, mode: 0o755 });
  if (lockFile(lockOf(socket)) === null) return 0;
  new Shared(socket).run();
  return 1;
}

class Shared {
  readonly #surroundings: Surroundings;
  readonly #socket: number;
  readonly #waiting = new Set<Caller>();
  #domains = 0;

  constructor(socket: string) {
    this.#surroundings = {
      state: new ProcessState(false, dirname(socket), THREADS_KEPT_SHARED_MAX),
      epoll: new Epoll(),
      timers: new Timers(),
    };
    this.#surroundings.state.mounts.toldBy(this.#surroundings.epoll);
    this.#socket = listenAt(socket, SOCK_SEQPACKET, SOCKET_MODE);
  }

  run(): void {
    this.#surroundings.epoll.add(this.#socket, POLLIN, { ready: () => this.#accept() });
    runLoop(this.#surroundings, () => false);
  }

  #accept(): void {
    const connection = acceptFrom(this.#socket);
    if (connection === null) return;
    if (this.#waiting.size >= CALLERS_MAX || refusal(connection) !== null) {
      close(connection);
      return;
    }
    const { epoll, timers } = this.#surroundings;
    const caller = new Caller(
      connection,
      epoll,
      (handed, by) => this.#take(handed, by),
      (ended) => {
        this.#waiting.delete(ended);
        timers.remove(ended);
      },
    );
    this.#waiting.add(caller);
    timers.add(caller);
  }

  /** Whatever is wrong with it, the others are served on. */
  #take(handed: Handed, caller: Caller): boolean {
    const domain = this.#domains < DOMAINS_MAX ? this.#open(handed) : null;
    if (domain === null) {
      for (const fd of [handed.listener, handed.slots, handed.plan, handed.events ?? -1])
        if (fd >= 0) close(fd);
      return false;
    }
    let isServed = true;
    const held = new DomainLoop(domain, this.#surroundings, (cause) => {
      isServed = false;
      if (cause !== null) domain.reporter.failed("mediator failed", String(cause));
      held.close(false);
      this.#domains -= 1;
      caller.close();
      reap();
    });
    this.#domains += 1;
    this.#waiting.delete(caller);
    held.begin();
    return isServed;
  }

  #open(handed: Handed): Domain | null {
    try {
      return new Domain(handed, this.#surroundings.state);
    } catch {
      return null;
    }
  }
}
