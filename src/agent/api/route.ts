import type { Actor } from "../../domains/levels.ts";
import type { Level } from "../../model/policy.ts";
import type { AgentService } from "../agent-service.ts";

/**
 * Each call of the control API as data: the server and docs/control-api.md are made from it.
 * `Subject`: the object that the call asks.
 */
export interface Route<Subject = AgentService> {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** `{domain}` stands for a domain's name. */
  readonly path: string;
  readonly access: "read" | "administer";
  readonly summary: string;
  readonly body: readonly BodyField[];
  /** Members of the answer. */
  readonly answer: readonly AnswerField[];
  /** Bytes are an answer in JSON already. */
  handle(subject: Subject, request: ApiRequest): unknown;
}

export interface BodyField {
  readonly name: string;
  readonly type: "level" | "seconds";
  readonly required: boolean;
  readonly doc: string;
}

export interface AnswerField {
  readonly name: string;
  readonly doc: string;
}

export interface ApiRequest {
  /** Valid by the rule for names; empty where the path has none. */
  readonly domain: string;
  readonly body: { readonly level?: Level; readonly seconds?: number };
  readonly by: Actor;
  readonly administers: boolean;
  /** Group of the process that asks. */
  readonly gid: number;
}

/** An answer that is no. `help`: what to do. */
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
