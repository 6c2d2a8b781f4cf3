import { Argument } from "./argument.ts";
import { Keys } from "./keys.ts";

/** For each option, QMP's word for what it makes, and the key that names the piece. */
const named: ReadonlyMap<string, { readonly kind: string; readonly key: string }> = new Map([
  ["blockdev", { kind: "blockdev", key: "node-name" }],
  ["chardev", { kind: "chardev", key: "id" }],
  ["device", { kind: "device", key: "id" }],
  ["netdev", { kind: "netdev", key: "id" }],
  ["nic", { kind: "netdev", key: "id" }],
  ["object", { kind: "object", key: "id" }],
]);

/** What -incoming names, until the machine's state has arrived. */
export const INCOMING = "incoming";

/**
 * The piece that the option at `at` belongs to (`Origin`). QEMU removes a -drive together with the
 * device that uses it.
 */
export function pieceOf(args: readonly string[], at: number): string | null {
  const option = optionAt(args, at);
  if (option === INCOMING) return INCOMING;
  if (option === "drive") return deviceOf(args, keyOf(args, at, "id"));
  const name = named.get(option);
  const id = name === undefined ? null : keyOf(args, at, name.key);
  return name === undefined || id === null ? null : `${name.kind} ${id}`;
}

function deviceOf(args: readonly string[], drive: string | null): string | null {
  if (drive === null) return null;
  const user = args.findIndex(
    (_, at) => optionAt(args, at) === "device" && keyOf(args, at, "drive") === drive,
  );
  return user < 0 ? null : pieceOf(args, user);
}

function optionAt(args: readonly string[], at: number): string {
  return /^--?(.*)$/.exec(args[at] ?? "")?.[1] ?? "";
}

function keyOf(args: readonly string[], at: number, key: string): string | null {
  const value = args[at + 1] ?? "";
  return value === ""
    ? null
    : Keys.of(new Argument(optionAt(args, at), value, at + 1, ""), null).get(key);
}
