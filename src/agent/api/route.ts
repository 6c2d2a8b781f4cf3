import type { Actor } from "../../domains/levels.ts";
import type { SocketPeer } from "../../kernel/peer.ts";
import type { Level } from "../../model/policy.ts";
import type { AgentService } from "../agent-service.ts";

/** The server and docs/control-api.md are made from these. `Subject`: the object that answers. */
export interface Route<Subject = AgentService> {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** `{domain}` stands for a domain's name. */
  readonly path: string;
  readonly access: "read" | "administer";
  readonly summary: string;
  readonly body: readonly BodyField[];
  readonly answer: readonly AnswerField[];
  /** How long it may take, milliseconds; {@link IDLE_MAX_MS} if not said. */
  readonly waitMs?: number;
  /** Bytes are an answer in JSON already. */
  handle(subject: Subject, request: ApiRequest): unknown;
}

export interface BodyField {
  readonly name: string;
  readonly type: "level" | "seconds" | "unit" | "anchor";
  readonly required: boolean;
  readonly doc: string;
}

export interface AnswerField {
  readonly name: string;
  readonly doc: string;
}

export interface ApiRequest {
  /** Valid by the rule for names; empty if the path has none. */
  readonly domain: string;
  readonly body: {
    readonly level?: Level;
    readonly seconds?: number;
    readonly unit?: string;
    readonly anchor?: string;
  };
  readonly by: Actor;
  readonly administers: boolean;
  /** Of the caller. */
  readonly gid: number;
  readonly peer: SocketPeer;
}

/** `help`: what to do. */
export class ApiError extends Error {
  readonly status: number;
  readonly help: string;

  constructor(status: number, message: string, help: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.help = help;
  }
}
