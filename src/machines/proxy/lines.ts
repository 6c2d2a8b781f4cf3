import type { Socket } from "node:net";
import { jsonOf } from "../../base/read-json.ts";
import { isObject } from "../../base/schema.ts";

/** Longest message, bytes; the connection of a sender that exceeds it is closed. */
const LINE_BYTES_MAX = 16 * 1024 * 1024;
/**
 * Deepest nesting of a message. QMP nests about a dozen deep, and one deeper for each parent of an
 * image (`parents.ts`). JSON.stringify() of millions of levels would end the process.
 */
const DEPTH_MAX = 512;
/** Bytes that wait for a slow client; beyond that, its connection is closed. */
const UNREAD_BYTES_MAX = 64 * 1024 * 1024;

export type Message = Readonly<Record<string, unknown>>;

/**
 * Calls `take` for every JSON object; QMP has one per line. A line that is no object, or too long,
 * ends the connection.
 */
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
  if (!socket.writable) return;
  socket.write(`${JSON.stringify(message)}\r\n`);
  if (socket.writableLength > UNREAD_BYTES_MAX) socket.destroy();
}

function parsed(line: string): Message | undefined {
  const value = isDeep(line) ? undefined : jsonOf(line);
  return isObject(value) ? value : undefined;
}

/** The members of an object; none for any other value. */
export function membersOf(value: unknown): Message {
  return isObject(value) ? value : {};
}

/** The members of an object in JSON. */
export function membersOfJson(text: string): Message {
  return membersOf(jsonOf(text));
}

/**
 * Ignores brackets inside strings, so that text which a guest wrote to a serial line ends no
 * connection.
 */
function isDeep(line: string): boolean {
  let depth = 0;
  let isText = false;
  for (let at = 0; at < line.length; at++) {
    const character = line[at];
    if (isText && character === "\\") at += 1;
    else if (character === '"') isText = !isText;
    else if (isText) continue;
    else if (character === "{" || character === "[") depth += 1;
    else if (character === "}" || character === "]") depth -= 1;
    if (depth > DEPTH_MAX) return true;
  }
  return false;
}
