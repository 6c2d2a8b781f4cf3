import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import type { Socket } from "node:net";
import type { SocketPeer } from "../../kernel/peer.ts";
import {
  BODY_BYTES_MAX,
  CONNECTIONS_MAX,
  CONNECTIONS_OF_USER_MAX,
  CONNECTIONS_OF_USERS_MAX,
  HEADER_BYTES_MAX,
  IDLE_MAX_MS,
  REQUEST_WAIT_MAX_MS,
  TURNED_AWAY_MAX,
  TURNED_AWAY_WAIT_MS,
} from "./limits.ts";
import { matchRoute, parseBody } from "./parse-request.ts";
import { type Caller, peerOf } from "./peer.ts";
import {
  fault,
  goneAlready,
  notAnAdministrator,
  notArrived,
  notHttp,
  refusalFor,
  refusalOf,
  tooMany,
} from "./refusals.ts";
import { ApiError, type Route } from "./route.ts";

export interface Served<Subject> {
  readonly subject: Subject;
  readonly routes: readonly Route<Subject>[];
  /** The peer for which another process connected; absent if every peer connects itself. */
  behind?(peer: SocketPeer): SocketPeer | null;
  judge(peer: SocketPeer): Caller;
  log(text: string): void;
  /** For an idle connection; by default {@link IDLE_MAX_MS}. */
  readonly idleMs?: number;
}

type AcceptedCaller = Extract<Caller, { state: "accepted" }> & { readonly peer: SocketPeer };

/**
 * HTTP with JSON on a unix socket. One request per connection; the kernel identifies the peer, at
 * the connection and again at the request.
 */
export class ApiServer<Subject> {
  readonly server: Server;
  readonly #served: Served<Subject>;
  readonly #peers = new Map<Socket, SocketPeer>();
  readonly #turnedAway = new Map<Socket, ApiError>();
  /** Whose head has arrived. */
  readonly #requests = new WeakMap<Socket, IncomingMessage>();
  #refused = 0;

  constructor(served: Served<Subject>) {
    this.#served = served;
    this.server = createServer(
      {
        maxHeaderSize: HEADER_BYTES_MAX,
        // Node's own would also end what has arrived and was not read yet.
        headersTimeout: 0,
        requestTimeout: 0,
        keepAlive: false,
      },
      (request, response) => void this.#answer(request, response),
    );
    this.server.maxRequestsPerSocket = 1;
    this.server.setTimeout(served.idleMs ?? IDLE_MAX_MS, endIfIdle);
    this.server.on("connection", (socket) => this.#tryToAdmit(socket));
    this.server.on("error", (error) => served.log(`the socket: ${error.message}`));
    this.server.on("clientError", (_, socket) => {
      if (socket.writable) socket.end(answerOf(notHttp));
      else socket.destroy();
    });
  }

  /** Peers inside a domain, mediators, or too many. */
  get refused(): number {
    return this.#refused;
  }

  /** Cuts open connections. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of [...this.#peers.keys(), ...this.#turnedAway.keys()]) socket.destroy();
    await closed;
  }

  /**
   * A peer that cannot be examined, for want of descriptors for example, is refused; the agent
   * continues.
   */
  #tryToAdmit(socket: Socket): void {
    let peer: SocketPeer | null = null;
    try {
      peer = peerOf(descriptorOf(socket));
      if (peer !== null && this.#served.behind !== undefined) peer = this.#served.behind(peer);
      this.#admit(socket, peer);
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
      this.#refused += 1;
      peer?.close();
      socket.destroy();
    }
  }

  #admit(socket: Socket, peer: SocketPeer | null): void {
    const crowded =
      this.#peers.size >= CONNECTIONS_MAX ||
      (peer !== null && peer.uid !== 0 && this.#isFullFor(peer.uid));
    const caller = peer === null ? null : this.#served.judge(peer);
    if (peer === null || crowded || caller?.state !== "accepted") {
      peer?.close();
      this.#turnAway(
        socket,
        crowded ? tooMany : caller?.state === "refused" ? refusalOf(caller) : goneAlready,
      );
      return;
    }
    this.#peers.set(socket, peer);
    afterReading(socket, REQUEST_WAIT_MAX_MS, () => this.#refuseIfIncomplete(socket));
    socket.once("close", () => {
      this.#peers.delete(socket);
      peer.close();
    });
  }

  #isFullFor(user: number): boolean {
    const users = [...this.#peers.values()].map(({ uid }) => uid).filter((uid) => uid !== 0);
    const own = users.filter((uid) => uid === user).length;
    return own >= CONNECTIONS_OF_USER_MAX || users.length >= CONNECTIONS_OF_USERS_MAX;
  }

  /** Gives one answer to any request that arrives soon. The request itself is not examined. */
  #turnAway(socket: Socket, why: ApiError): void {
    this.#refused += 1;
    if (this.#turnedAway.size >= TURNED_AWAY_MAX) {
      socket.destroy();
      return;
    }
    this.#turnedAway.set(socket, why);
    afterReading(socket, TURNED_AWAY_WAIT_MS, () => socket.destroy());
    socket.once("close", () => this.#turnedAway.delete(socket));
  }

  #refuseIfIncomplete(socket: Socket): void {
    if (this.#requests.get(socket)?.complete === true) return;
    if (socket.writable) socket.write(answerOf(notArrived));
    // What comes later is not read: it was refused.
    socket.destroySoon();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#requests.set(request.socket, request);
    try {
      this.#callerOf(request.socket);
      const { route, domain } = matchRoute(
        this.#served.routes,
        request.method ?? "",
        request.url ?? "",
      );
      this.#callerFor(route, request.socket);
      const body = parseBody(route, await bodyOf(request));
      // The sender of the head may have ended, or entered a domain, before the last part of the
      // body.
      const { uid, name, gid, administers, peer } = this.#callerFor(route, request.socket);
      const by = { uid, name };
      if (route.waitMs !== undefined) {
        request.socket.setTimeout(route.waitMs);
        // By this a launcher knows a busy agent from one that hangs.
        response.writeProcessing();
      }
      const answer = await route.handle(this.#served.subject, {
        ...{ domain, body, by, administers, gid, peer },
      });
      send(response, 200, answer);
    } catch (error) {
      const isLeft = request.destroyed && !request.complete;
      if (isLeft && !(error instanceof ApiError)) return;
      const known = refusalFor(error);
      if (known === null)
        this.#served.log(`a request failed: ${error instanceof Error ? error.stack : error}`);
      const { status, message, help } = known ?? fault;
      send(response, status, { error: message, help });
    }
  }

  #callerFor(route: Route<Subject>, socket: Socket): AcceptedCaller {
    const caller = this.#callerOf(socket);
    if (route.access === "administer" && !caller.administers) throw notAnAdministrator();
    return caller;
  }

  /** A process may have entered a domain since it connected. */
  #callerOf(socket: Socket): AcceptedCaller {
    const turnedAway = this.#turnedAway.get(socket);
    if (turnedAway !== undefined) throw turnedAway;
    const peer = this.#peers.get(socket);
    const caller = peer === undefined ? null : this.#served.judge(peer);
    if (peer !== undefined && caller?.state === "accepted") return { ...caller, peer };
    this.#refused += 1;
    throw caller?.state === "refused" ? refusalOf(caller) : goneAlready;
  }
}

/**
 * Calls `judge` after this time, unless the socket is closed before. Timers run before sockets are
 * read: where something else has kept the agent busy, what the peer sent in time lies there unread.
 * An immediate runs after it was read.
 */
function afterReading(socket: Socket, milliseconds: number, judge: () => void): void {
  let read: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    read = setImmediate(judge);
  }, milliseconds);
  socket.once("close", () => {
    clearTimeout(timer);
    clearImmediate(read);
  });
}

/** As {@link afterReading}: when the time is over, something may lie there. */
function endIfIdle(socket: Socket): void {
  const moved = () => socket.bytesRead + socket.bytesWritten;
  const before = moved();
  setImmediate(() => {
    if (moved() === before) socket.destroy();
  });
}

/** Node gives access to a socket's descriptor only by its handle. */
function descriptorOf(socket: Socket): number {
  return (socket as unknown as { _handle: { fd: number } })._handle.fd;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_BYTES_MAX)
      throw new ApiError(
        413,
        `a body has at most ${BODY_BYTES_MAX} bytes`,
        "docs/control-api.md says what belongs in it",
      );
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** The whole answer to what Node could not read as a request. */
function answerOf({ status, message, help }: ApiError): string {
  const body = `${JSON.stringify({ error: message, help })}\n`;
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
    "",
    body,
  ].join("\r\n");
}

function send(response: ServerResponse, status: number, value: unknown): void {
  if (response.headersSent || response.destroyed) return;
  const body = value instanceof Uint8Array ? value : Buffer.from(`${JSON.stringify(value)}\n`);
  response.writeHead(status, {
    "Content-Type": "application/json",
    "Content-Length": body.length,
    Connection: "close",
  });
  response.end(body, () => response.socket?.destroySoon());
}
