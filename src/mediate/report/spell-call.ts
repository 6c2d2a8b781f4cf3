import {
  inodeRequests,
  labelOptions,
  ownerCommands,
  personalityBits,
  pokeRequests,
  routeOptions4,
  routeOptions6,
  socketOwnerRequests,
  terminalRequests,
  wholeFileSystemRequests,
} from "../../kernel/argument-names.ts";
import { capabilityIoctls, capabilityOptions } from "../../kernel/capability-requests.ts";
import * as kernel from "../../kernel/constants.ts";
import type { Call } from "../calls/call.ts";

type Names = Readonly<Record<string, number>>;

/** A register in words. */
type Spelling = (value: number, call: Call) => string;

/**
 * A call with the arguments that make its form forbidden in sealed domains: `ioctl(TIOCSTI)`.
 * Pointers are left out, because they would make every repetition look new.
 */
export function spellCall(call: Call): string {
  const telling = registers[call.name] ?? [];
  const words = telling
    .map(([index, spell]) => spell(call.unsigned(index), call))
    .filter((word) => word !== "");
  return words.length === 0 ? call.name : `${call.name}(${words.join(", ")})`;
}

function oneOf(names: Names): Spelling {
  return (value) => nameIn(names, value) ?? hex(value);
}

function nameIn(names: Names, value: number): string | undefined {
  return Object.entries(names).find(([, known]) => known === value)?.[0];
}

function bits(names: Names, ignored = 0): Spelling {
  return (value) => {
    const words: string[] = [];
    let rest = (value & ~ignored) >>> 0;
    for (const [name, bit] of Object.entries(names)) {
      if ((rest & bit) === 0) continue;
      words.push(name);
      rest = (rest & ~bit) >>> 0;
    }
    return [...words, ...(rest === 0 ? [] : [hex(rest)])].join(" | ");
  };
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

function constants(pattern: RegExp): Names {
  const numbers = Object.entries(kernel).filter(
    (entry): entry is [string, number] => typeof entry[1] === "number",
  );
  return Object.fromEntries(numbers.filter(([name]) => pattern.test(name)));
}

const cloneFlags = constants(/^CLONE_(?!NEWTIME)/);
/** The lowest byte is the signal to the parent (clone(2)). */
const EXIT_SIGNAL = 0xff;
const levels = constants(/^(SOL_SOCKET|IPPROTO_(IP|TCP|UDP|IPV6))$/);

const capabilityRequests: Names = Object.assign(
  {},
  ...capabilityIoctls.map(({ numbers }) => numbers),
);

function capabilityNamesAt(level: number): Names {
  const rows = capabilityOptions.filter((row) => row.level === level);
  return Object.assign({}, ...rows.map(({ numbers }) => numbers));
}

/** An option's number has another meaning at each level. */
const option: Spelling = (value, call) => {
  const level = call.unsigned(1);
  const names =
    level === kernel.IPPROTO_IP
      ? routeOptions4
      : level === kernel.IPPROTO_IPV6
        ? { ...routeOptions6, ...labelOptions }
        : {};
  return oneOf({ ...capabilityNamesAt(level), ...names })(value, call);
};

const protection = bits(constants(/^PROT_/));
/** Other requests are not told. */
const poke: Spelling = (value) => nameIn(pokeRequests, value) ?? "";
const renameFlags = bits(constants(/^RENAME_/));
const messageFlags = bits(constants(/^MSG_FASTOPEN$/), ~kernel.MSG_FASTOPEN);

const registers: Readonly<Record<string, readonly (readonly [index: number, Spelling])[]>> = {
  ioctl: [
    [
      1,
      oneOf({
        ...capabilityRequests,
        ...terminalRequests,
        ...wholeFileSystemRequests,
        ...inodeRequests,
        ...socketOwnerRequests,
      }),
    ],
  ],
  fcntl: [[1, oneOf(ownerCommands)]],
  clone: [[0, bits(cloneFlags, EXIT_SIGNAL)]],
  unshare: [[0, bits(constants(/^CLONE_/))]],
  personality: [[0, bits(personalityBits)]],
  setsockopt: [
    [1, oneOf(levels)],
    [2, option],
  ],
  seccomp: [
    [0, oneOf(constants(/^SECCOMP_SET_MODE_/))],
    [1, bits(constants(/^SECCOMP_FILTER_FLAG_/))],
  ],
  landlock_restrict_self: [[1, bits(constants(/^LANDLOCK_RESTRICT_SELF_LOG_\w+_(OFF|ON)$/))]],
  execveat: [[4, bits(constants(/^AT_EMPTY_PATH$/))]],
  memfd_create: [[1, bits(constants(/^MFD_/))]],
  mmap: [
    [2, protection],
    [3, bits({ MAP_SHARED: kernel.MAP_SHARED }, ~kernel.MAP_SHARED)],
  ],
  mprotect: [[2, protection]],
  pkey_mprotect: [[2, protection]],
  ptrace: [[0, poke]],
  renameat2: [[4, renameFlags]],
  sendto: [[3, messageFlags]],
  sendmsg: [[2, messageFlags]],
  sendmmsg: [[3, messageFlags]],
};
