import type { Socket } from "node:net";

/** Bytes of one message: who sends more without an end of line is cut off. */
const LINE_BYTES_MAX = 16 * 1024 * 1024;

export type Message = Readonly<Record<string, unknown>>;

/** Calls `take` for every JSON object that comes, one a line (QMP). What is none, or too long, ends the connection. */
export function onMessages(socket: Socket, take: (message: Message) => void): void {
  let rest = "";
  socket.setEncoding("utf8");
  socket.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const message = line.trim() === "" ? null : parsed(line);
      if (message === undefined) socket.destroy();
      else if (message !== null) take(message);
    }
    if (rest.length > LINE_BYTES_MAX) socket.destroy();
  });
}

export function send(socket: Socket, message: Message): void {
  if (socket.writable) socket.write(`${JSON.stringify(message)}\r\n`);
}

function parsed(line: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Message) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
