import { nearest } from "../../diagnostics/nearest.ts";
import { ExitCode } from "../../host/exit-code.ts";
import { askAddress, askAnswer } from "../../kinds/addresses/model.ts";
import { sectionOfClass, type WordSection, wordClasses, wordKinds } from "../../kinds/model.ts";
import { askSocket, wholeFamilies } from "../../kinds/sockets/model.ts";
import { Permission, type PermissionName, permissionLetters } from "../../model/permission.ts";
import type { NameRequest, Request } from "../../model/request.ts";
import type { Misuse } from "../../model/rule-kind.ts";
import { CommandError } from "../command.ts";

export interface Names {
  /** The canonical path; `follow`: also follows a link in the last component. */
  canonical(path: string, follow: boolean): string;
  isDirectory(path: string): boolean;
  exists(path: string): boolean;
  inode(path: string): string | null;
}

const letterNames = new Map(
  Object.entries(permissionLetters).map(([letter, bit]) => [
    letter,
    (Object.keys(Permission) as PermissionName[]).find((name) => Permission[name] === bit) ??
      "read",
  ]),
);

/** Operations on one name, by words and by letters of the policy language. */
const nameOperations = [
  "read",
  "write",
  "create",
  "delete",
  "execute",
  "map",
  "attributes",
  "ioctl",
] as const;

const operationWords: readonly string[] = [
  ...nameOperations,
  ...["rename", "link", "connect", "listen", "answer", "netlink", "raw", ...wholeFamilies],
  ...wordClasses,
];

/**
 * Parses `read /etc/hosts`, `connect tcp 10.0.0.1:80`, `signal nginx`.
 * @throws CommandError
 */
export function parseRequest(words: readonly string[], names: Names): Request {
  const [written = "", ...objects] = words;
  const operation = letterNames.get(written) ?? written;
  if (isNameOperation(operation)) return nameRequest(operation, one(objects, "a path"), names);
  const [first = "", second] = objects;
  switch (operation) {
    case "rename":
    case "link":
      if (objects.length !== 2)
        throw usage(`\`${operation}\` takes two paths`, `write ${operation} FROM TO`);
      return twoNames(operation, first, second ?? "", names);
    case "connect":
    case "listen":
      return first === "unix"
        ? unixRequest(operation, second, names)
        : asked(askAddress(operation, first, second ?? ""));
    case "answer":
      return answerRequest(objects);
    case "netlink":
    case "raw":
      return asked(askSocket(operation, one(objects, "a protocol")));
  }
  const section = sectionOfClass(operation);
  if (section !== null) return wordRequest(section, objects);
  if (isWholeFamily(operation)) return { class: "socket", family: operation, protocol: 0 };
  if (written === "")
    throw usage(
      "no operation is named",
      "write DOMAIN OPERATION OBJECT, for example nginx read /etc/hosts",
    );
  const meant = nearest(written, operationWords);
  const help =
    meant === null
      ? `the operations are: ${operationWords.join(", ")}`
      : `did you mean \`${meant}\`?`;
  throw usage(`\`${written}\` is not an operation`, help);
}

function isNameOperation(word: string): word is (typeof nameOperations)[number] {
  return (nameOperations as readonly string[]).includes(word);
}

function isWholeFamily(word: string): word is (typeof wholeFamilies)[number] {
  return (wholeFamilies as readonly string[]).includes(word);
}

/** Making, removing and changing the attributes of a link apply to the link itself. */
const follows: ReadonlySet<PermissionName> = new Set([
  "read",
  "write",
  "execute",
  "map",
  "attributes",
  "ioctl",
]);

function nameRequest(operation: PermissionName, path: string, names: Names): Request {
  return withInode(operation, names.canonical(absolute(path), follows.has(operation)), names);
}

/** Adds the object that has the canonical path now. */
export function withInode(operation: PermissionName, path: string, names: Names): NameRequest {
  const inode = names.inode(path);
  return { class: "name", operation, path, ...(inode === null ? {} : { inode }) };
}

function unixRequest(
  operation: "connect" | "listen",
  name: string | undefined,
  names: Names,
): Request {
  if (name === undefined)
    throw usage("no socket is named", `write ${operation} unix /PATH or ${operation} unix @NAME`);
  if (name.startsWith("@")) return { class: "name", operation, path: name };
  return nameRequest(operation, name, names);
}

function answerRequest([protocol = "", peer = "", from, own = ""]: readonly string[]): Request {
  if (from !== "from")
    throw usage("an answer has two ends", "write answer udp PEER:PORT from [ADDRESS:]PORT");
  return asked(askAnswer(protocol, peer, own));
}

function twoNames(operation: "rename" | "link", from: string, to: string, names: Names): Request {
  const [source, target] = [
    names.canonical(absolute(from), false),
    names.canonical(absolute(to), false),
  ];
  const directory = names.isDirectory(source);
  return {
    class: "two-names",
    operation,
    from: source,
    to: target,
    directory,
    replaces: names.exists(target),
  };
}

function wordRequest(section: WordSection, objects: readonly string[]): Request {
  const { object, ask } = wordKinds[section];
  return asked(ask(one(objects, object)));
}

function asked(request: Request | Misuse): Request {
  if ("problem" in request) throw usage(request.problem, request.help);
  return request;
}

function one(objects: readonly string[], what: string): string {
  const [object] = objects;
  if (object === undefined || objects.length > 1)
    throw usage(`exactly ${what} is needed`, "cofferdam explain --help shows examples");
  return object;
}

function absolute(path: string): string {
  if (path.startsWith("/")) return path;
  throw usage(`\`${path}\` is not an absolute path`, "write it from `/`");
}

function usage(message: string, help: string): CommandError {
  return new CommandError(message, help, ExitCode.usage);
}
