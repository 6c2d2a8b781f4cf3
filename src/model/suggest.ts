import { addresses } from "../kinds/addresses/model.ts";
import { sectionOf, type WordRequests, type WordSection, wordKinds } from "../kinds/model.ts";
import { sockets } from "../kinds/sockets/model.ts";
import { isCanonicalName } from "./canonical-name.ts";
import { escapeName, parsePattern } from "./pattern.ts";
import { formatLetters, Permission, type PermissionSet } from "./permission.ts";
import type { NameRequest, Request, TwoNameRequest } from "./request.ts";

/** A line of a policy file and the section it belongs to. */
export interface Suggestion {
  readonly section: "files" | "network" | WordSection;
  readonly line: string;
}

/**
 * The narrowest single line that makes a policy grant the request, as long as the policy does not
 * deny it and the names of a rename carry no permissions of other rules. Null for what no line can
 * grant.
 */
export function suggest(request: Request): Suggestion | null {
  switch (request.class) {
    case "name":
      return suggestName(request);
    case "two-names":
      return suggestTwoNames(request);
    case "address":
      return ofNetwork(addresses.suggest(request));
    case "socket":
      return ofNetwork(sockets.suggest(request));
    default:
      return suggestWord(sectionOf(request), request);
  }
}

function suggestName({ operation, path }: NameRequest): Suggestion | null {
  if (!isCanonicalName(path)) return null;
  if (operation === "connect" || operation === "listen") {
    const pattern = escapeName(path);
    if (!isPattern(pattern)) return null;
    return { section: "network", line: `${operation} unix ${pattern}` };
  }
  return files(
    operation === "execute" ? Permission.execute | Permission.read : Permission[operation],
    [path],
  );
}

function suggestTwoNames({ operation, from, to, directory }: TwoNameRequest): Suggestion | null {
  if (![from, to].every((path) => path.startsWith("/") && path !== "/" && isCanonicalName(path)))
    return null;
  // No file system links directories.
  if (operation === "link") return directory ? null : files(Permission.create, [to]);
  const names = files(Permission.create | Permission.delete, [from, to]);
  if (names === null || !directory) return names;
  const [, fromPattern, toPattern] = names.line.split(" ") as [string, string, string];
  return { section: "files", line: `${names.line} ${fromPattern}/** ${toPattern}/**` };
}

function files(permissions: PermissionSet, paths: readonly string[]): Suggestion | null {
  if (!paths.every((path) => path.startsWith("/"))) return null;
  const patterns = paths.map(lastingPattern);
  if (!patterns.every(isPattern)) return null;
  return { section: "files", line: [formatLetters(permissions), ...patterns].join(" ") };
}

/** It is not once escapes have made it too long. */
function isPattern(text: string): boolean {
  return "pattern" in parsePattern(text);
}

/**
 * The name itself; below a process's folder on procfs the same name of every process, since the
 * next one has another number.
 */
function lastingPattern(path: string): string {
  return escapeName(path).replace(/^\/proc\/\d+(?=\/)/, "/proc/[0-9]*");
}

function ofNetwork(line: string | null): Suggestion | null {
  return line === null ? null : { section: "network", line };
}

function suggestWord<S extends WordSection>(section: S, request: WordRequests[S]) {
  const line = wordKinds[section].suggest(request);
  return line === null ? null : { section, line };
}
