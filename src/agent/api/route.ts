import type { Actor } from "../../domains/levels.ts";
import type { SocketPeer } from "../../kernel/peer.ts";
import type { Level } from "../../model/policy.ts";
import type { AgentService } from "../agent-service.ts";

export { ApiError } from "./api-error.ts";

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
  readonly type:
    | "level"
    | "seconds"
    | "unit"
    | "groups"
    | "anchor"
    | "grant"
    | "why"
    | "id"
    | "yes";
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
    readonly groups?: string;
    readonly anchor?: string;
    readonly grant?: string;
    readonly why?: string;
    readonly id?: number;
    readonly dangerous?: boolean;
    readonly promoted?: boolean;
  };
  readonly by: Actor;
  readonly administers: boolean;
  /** Of the caller. */
  readonly gid: number;
  readonly peer: SocketPeer;
}
