import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { type Names, parseRequest } from "../../src/cli/explain/request.ts";
import { number } from "../../src/kernel/syscalls.ts";
import { capabilityNames } from "../../src/kinds/capabilities/model.ts";
import { formatAddress } from "../../src/model/network.ts";
import type { Request } from "../../src/model/request.ts";
import { clone } from "../package/packages.ts";
import type { LibraryDaemon } from "./daemon.ts";

/** A case of `must-deny`, as a program tries it. */
export interface Attempt {
  readonly text: string;
  /** As `break-in.c` takes it; null for what a program alone cannot try. */
  readonly argument: string | null;
  /** What must be there, or must be absent, for the attempt to mean something. */
  readonly needs: readonly Need[];
}

/**
 * `program`: a file that can be executed. `socket`: nobody listens. `room`: the name is free, its
 * folder is there.
 */
export interface Need {
  readonly what: "file" | "program" | "room" | "socket";
  readonly path: string;
}

const casesOf = z.strictObject({
  "must-allow": z.array(z.string()),
  "must-deny": z.array(z.string()).min(1),
});

const capabilities: readonly string[] = capabilityNames;

/** Names as they are written: the host that has them is another. */
export const written: Names = {
  canonical: (path) => path,
  isDirectory: () => false,
  exists: () => false,
  inode: () => null,
};

/** What is tried in every domain. */
export const everywhere: readonly string[] = z
  .array(z.string())
  .parse(parse(readFileSync(join(import.meta.dirname, "everywhere.yaml"), "utf8")));

export function attemptsOf({ name, granted }: LibraryDaemon): readonly Attempt[] {
  const file = join(clone, "domains", "cases", `${name}.yaml`);
  const cases = casesOf.parse(parse(readFileSync(file, "utf8")));
  const common = everywhere.filter((text) => !granted.includes(text));
  return [...new Set([...cases["must-deny"], ...common])].map((text) => {
    const request = requestOf(text);
    return { text, argument: argumentOf(request)?.join("\t") ?? null, needs: needsOf(request) };
  });
}

/** Of a line of a case. */
export function requestOf(text: string): Request {
  const words = text.split(/(?<!\\)\s+/).map((word) => word.replaceAll(/\\(.)/g, "$1"));
  return parseRequest(words, written);
}

/** Its words for `break-in.c`; null where another process would have to take part. */
function argumentOf(request: Request): readonly (string | number)[] | null {
  switch (request.class) {
    case "name": {
      const isSocket = request.operation === "connect" || request.operation === "listen";
      return [isSocket ? "unix" : "name", request.operation, request.path];
    }
    case "two-names":
      return ["two-names", request.operation, request.from, request.to];
    case "address": {
      const { operation, protocol, address, port } = request;
      return request.answersFrom !== undefined
        ? null
        : ["address", operation, protocol, formatAddress(address), port];
    }
    case "socket":
      return ["socket", request.family, request.protocol];
    case "capability":
      return ["capability", capabilities.indexOf(request.name)];
    case "syscall":
      return ["syscall", number(request.name) ?? -1];
    case "memory":
      return ["memory", request.kind];
    case "signal":
      return request.domain === "superDom" ? ["signal"] : null;
    default:
      return null;
  }
}

function needsOf(request: Request): readonly Need[] {
  if (request.class === "two-names")
    return [
      { what: "file", path: request.from },
      { what: "room", path: request.to },
    ];
  if (request.class !== "name") return [];
  switch (request.operation) {
    case "create":
      return [{ what: "room", path: request.path }];
    case "execute":
      return [{ what: "program", path: request.path }];
    case "connect":
      return request.path.startsWith("@") ? [] : [{ what: "socket", path: request.path }];
    case "listen":
      return [];
    default:
      return [{ what: "file", path: request.path }];
  }
}
