import { request } from "node:http";
import { readJson } from "../base/read-json.ts";
import type { Schema } from "../base/schema.ts";
import { refusal } from "./agent-answers.ts";
import { ExitCode } from "./exit-code.ts";
import { HostError } from "./host-error.ts";

/** For a whole exchange; a reload of many domains takes seconds. */
const ANSWER_WAIT_MAX_MS = 120_000;
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

export type Method = "GET" | "PUT" | "POST" | "DELETE";

/** A resident part of Cofferdam that answers HTTP with JSON on a unix socket. */
export interface Service {
  /** As the subject of a sentence. */
  readonly name: string;
  /** The command that shows its messages. */
  readonly messages: string;
  /** The message if no service listens. */
  readonly absent: () => HostError;
  /** The help if the caller may not connect. */
  readonly outOfReach: string;
  /** How an administrator gets it replaced by the installed version. */
  readonly renew: string;
}

export interface ServiceRequest {
  readonly method: Method;
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * One request; `answer` describes the expected answer.
 * @throws HostError if no service listens, the answer is an error, or it does not match
 */
export async function askService<T>(
  service: Service,
  socket: string,
  asked: ServiceRequest,
  answer: Schema<T>,
): Promise<T> {
  const { status, text } = await exchange(service, socket, asked);
  if (status !== 200) throw refused(service, status, text);
  const read = readJson(answer, text);
  if (read.state === "good") return read.value;
  throw new HostError(
    `${service.name} gave an answer that this program does not understand: ${read.problem}`,
    `it may be of another version: ${service.renew}`,
  );
}

function refused({ name }: Service, status: number, text: string): HostError {
  const read = readJson(refusal, text);
  const { error, help } =
    read.state === "good"
      ? read.value
      : { error: `${name} answered ${status}`, help: "look at its messages" };
  return new HostError(error, help, status === 400 ? ExitCode.usage : ExitCode.unavailable);
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function exchange(
  service: Service,
  socket: string,
  { method, path, body }: ServiceRequest,
): Promise<Answer> {
  const text = body === undefined ? "" : JSON.stringify(body);
  const headers = {
    Host: "cofferdam",
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(text),
  };
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => reject(explained(service, error));
    const asked = request(
      { socketPath: socket, method, path, headers, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on("data", (chunk: Buffer) => {
          length += chunk.length;
          if (length > ANSWER_BYTES_MAX) asked.destroy(new Error("the answer is too long"));
          chunks.push(chunk);
        });
        response.on("error", fail);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            text: Buffer.concat(chunks).toString("utf8"),
          }),
        );
      },
    );
    asked.setTimeout(ANSWER_WAIT_MAX_MS, () => asked.destroy(new Error("it does not answer")));
    asked.on("error", fail);
    asked.end(text);
  });
}

function explained(
  { name, messages, absent, outOfReach }: Service,
  error: NodeJS.ErrnoException,
): HostError {
  if (error.code === "ENOENT" || error.code === "ECONNREFUSED") return absent();
  if (error.code === "EACCES" || error.code === "EPERM")
    return new HostError(`${name} cannot be reached from here`, outOfReach);
  return new HostError(
    `${name} cannot be asked: ${error.message}`,
    `try again; ${messages} tells more`,
  );
}
