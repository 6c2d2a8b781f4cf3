import type { AddressRule } from "../kinds/addresses/model.ts";
import { parsePlace } from "../kinds/addresses/policy.ts";
import { Permission, type PermissionSet, permissionLetters } from "../model/permission.ts";
import type { KeyName } from "../policy/language.ts";
import type { Need } from "./need.ts";

/** Names, and what is granted on them. */
export interface GrantedNames {
  readonly pattern: string;
  readonly permissions: PermissionSet;
}

/** A line that would cover some of what a domain needed. */
export interface Proposal {
  readonly section: KeyName;
  readonly line: string;
  /** Why it is more than what was asked, in words; null if it is not. */
  readonly because: string | null;
  readonly needs: readonly Need[];
  /**
   * How many names of this host, system calls, ... it grants beside what was asked; null if that
   * was not counted.
   */
  readonly wider: number | null;
  /** These names, as far as they were looked up. */
  readonly others?: readonly string[];
  /** The line as this instance of a template has it, if `line` names it by a variable. */
  readonly ofInstance?: string;
  /** Of an `include`: the names of its abstraction. */
  readonly included?: readonly GrantedNames[];
  /** Of an `include`, or if they are known: the rules of addresses. */
  readonly addresses?: readonly AddressRule[];
}

/** What a line grants of files and unix sockets. */
export function grantedNames(proposal: Proposal): readonly GrantedNames[] {
  const { section, line, ofInstance = line, included = [] } = proposal;
  const [first = "", second = "", ...rest] = ofInstance.match(/(?:\\.|\S)+/gs) ?? [];
  if (section === "files")
    return [second, ...rest].map((pattern) => ({ pattern, permissions: lettersIn(first) }));
  if (section === "network" && second === "unix" && (first === "connect" || first === "listen"))
    return rest.map((pattern) => ({ pattern, permissions: Permission[first] }));
  return included;
}

/** What a line grants of addresses. */
export function grantedAddresses(proposal: Proposal): readonly AddressRule[] {
  const { section, line, addresses } = proposal;
  if (addresses !== undefined) return addresses;
  const [operation, protocol, ...places] = line.split(" ");
  if (section !== "network" || (operation !== "connect" && operation !== "listen")) return [];
  if (protocol !== "tcp" && protocol !== "udp") return [];
  const source = { file: "", line: 0, column: 0, text: line };
  return places.flatMap((text) => {
    const parsed = parsePlace(text);
    if (!("places" in parsed)) return [];
    return parsed.places.map(
      (place): AddressRule => ({ effect: "allow", operation, protocol, ...place, source }),
    );
  });
}

function lettersIn(text: string): PermissionSet {
  return Object.entries(permissionLetters)
    .filter(([letter]) => text.includes(letter))
    .reduce((set, [, bit]) => set | bit, 0);
}
