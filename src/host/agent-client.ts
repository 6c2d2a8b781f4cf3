import { request } from "node:http";
import { ExitCode } from "./exit-code.ts";
import { HostError } from "./host-error.ts";
import { systemPlaces } from "./places.ts";

/** For a whole exchange; a reload of many domains takes seconds. */
const ANSWER_WAIT_MAX_MS = 120_000;
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

export type Method = "GET" | "PUT" | "POST" | "DELETE";

interface Refusal {
  readonly error: string;
  readonly help: string;
}

/**
 * One request to the host's agent: the answer's JSON. docs/control-api.md has the paths.
 * @throws HostError where there is no agent, or its answer is no
 */
export async function agentRequest(
  method: Method,
  path: string,
  body?: Readonly<Record<string, unknown>>,
  socket: string = systemPlaces().control,
): Promise<unknown> {
  const { status, text } = await exchange(method, path, body, socket);
  const value = parsed(text);
  if (status === 200) return value;
  const { error, help } = isRefusal(value)
    ? value
    : { error: `the agent answered ${status}`, help: "look at its messages" };
  throw new HostError(error, help, status === 400 ? ExitCode.usage : ExitCode.unavailable);
}

/** Whether the agent can be reached at all; null where there is none. */
export async function agentIfThere(path: string, socket?: string): Promise<unknown> {
  try {
    return await agentRequest("GET", path, undefined, socket);
  } catch (error) {
    if (error instanceof NoAgent) return null;
    throw error;
  }
}

/** Nobody listens on the control socket. */
class NoAgent extends HostError {
  constructor() {
    super("no agent runs on this host", "start it as root: systemctl start cofferdam-agent, or cofferdam agent");
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function exchange(method: Method, path: string, body: unknown, socket: string): Promise<Answer> {
  const text = body === undefined ? "" : JSON.stringify(body);
  const headers = { Host: "cofferdam", "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) };
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => reject(explained(error));
    const asked = request({ socketPath: socket, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on("data", (chunk: Buffer) => {
        length += chunk.length;
        if (length > ANSWER_BYTES_MAX) asked.destroy(new Error("the answer is too long"));
        chunks.push(chunk);
      });
      response.on("error", fail);
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") }),
      );
    });
    asked.setTimeout(ANSWER_WAIT_MAX_MS, () => asked.destroy(new Error("it does not answer")));
    asked.on("error", fail);
    asked.end(text);
  });
}

function explained(error: NodeJS.ErrnoException): HostError {
  if (error.code === "ENOENT" || error.code === "ECONNREFUSED") return new NoAgent();
  if (error.code === "EACCES" || error.code === "EPERM")
    return new HostError("the agent is out of reach from here", "ask from outside every domain");
  return new HostError(
    `the agent cannot be asked: ${error.message}`,
    "try again; journalctl -u cofferdam-agent tells more",
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function isRefusal(value: unknown): value is Refusal {
  return typeof value === "object" && value !== null && "error" in value && "help" in value;
}
