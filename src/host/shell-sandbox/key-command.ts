/** One line of an authorized_keys file that permits a login (sshd(8)). */
interface AuthorizedKey {
  readonly key: Buffer;
  /** null for a key that is not limited to one command. */
  readonly command: string | null;
}

/**
 * Whether a login may run any command. ForceCommand replaces the command to which a key is limited,
 * so Cofferdam must apply that limit; sshd applies all other options of the key. `refused`: why the
 * limit is unknown.
 */
export type KeyCommand =
  | { readonly kind: "any" }
  | { readonly kind: "one"; readonly command: string }
  | { readonly kind: "refused"; readonly why: string };

/**
 * Keys that were used for a login; null if one is a certificate. `text`: from sshd, a line per
 * method (ExposeAuthInfo of sshd_config(5)).
 */
export function keysOf(text: string): readonly Buffer[] | null {
  const lines = text.split("\n").map((line) => line.split(" "));
  const keys = lines.filter(([method, type]) => method === "publickey" && type !== undefined);
  if (keys.some(([, type = ""]) => type.includes("-cert-"))) return null;
  return keys.map(([, , base64 = ""]) => Buffer.from(base64, "base64"));
}

export function commandOfKeys(userAuth: string, file: string): KeyCommand {
  const keys = keysOf(userAuth);
  if (keys === null)
    return {
      kind: "refused",
      why: "a certificate may be for one command alone, and is not looked into",
    };
  const authorized = commandsByKey(file);
  const commands = new Set<string | null>();
  for (const key of keys) {
    const own = authorized.get(nameOf(key));
    if (own === undefined)
      return { kind: "refused", why: "your key is in none of your authorized_keys files" };
    if (own.size > 1)
      return {
        kind: "refused",
        why: "your key stands in authorized_keys more than once, for different commands",
      };
    for (const command of own) commands.add(command);
  }
  const [command, another] = [...commands].filter((one) => one !== null);
  if (command === undefined) return { kind: "any" };
  return another === undefined
    ? { kind: "one", command }
    : { kind: "refused", why: "your keys are for different commands" };
}

const nameOf = (key: Buffer): string => key.toString("base64");

function commandsByKey(file: string): ReadonlyMap<string, ReadonlySet<string | null>> {
  const commands = new Map<string, Set<string | null>>();
  for (const { key, command } of file.split("\n").flatMap((line) => authorizedKey(line) ?? []))
    commands.set(nameOf(key), (commands.get(nameOf(key)) ?? new Set()).add(command));
  return commands;
}

/** null for comments and for lines without a key. */
function authorizedKey(line: string): AuthorizedKey | null {
  const text = line.replace(/\r$/, "").trimStart();
  if (text === "" || text.startsWith("#")) return null;
  const bare = keyAt(text);
  if (bare !== null) return { key: bare, command: null };
  // Options end at the first space that is not in quotes.
  const options = /^(?:[^\s"]|"(?:\\"|[^"])*")+/.exec(text)?.[0] ?? "";
  const key = keyAt(text.slice(options.length).trimStart());
  return key === null ? null : { key, command: commandOption(options) };
}

function keyAt(text: string): Buffer | null {
  const [, type = "", base64 = ""] = /^([a-z0-9@.-]+)[ \t]+([A-Za-z0-9+/=]+)/.exec(text) ?? [];
  const key = Buffer.from(base64, "base64");
  // The key begins with its own type: a length of four bytes, then the name (RFC 4253, 6.6).
  return key.length > 4 && key.toString("latin1", 4, 4 + key.readUInt32BE(0)) === type ? key : null;
}

function commandOption(options: string): string | null {
  const found = /(?:^|,)command="((?:\\"|[^"])*)"/i.exec(blankedValues(options));
  if (found === null) return null;
  const at = (found.index ?? 0) + found[0].indexOf('"') + 1;
  return options.slice(at, at + (found[1]?.length ?? 0)).replaceAll('\\"', '"');
}

/** Blanks out values that could contain a comma or an option; lengths stay. */
function blankedValues(options: string): string {
  return options.replaceAll(
    /"((?:\\"|[^"])*)"/g,
    (_all, value: string) => `"${"x".repeat(value.length)}"`,
  );
}
