import { noWordRules } from "../../../src/kinds/model.ts";
import {
  Permission,
  type PermissionSet,
  permissionLetters,
} from "../../../src/model/permission.ts";
import type { NameRule, Policy, Source } from "../../../src/model/policy.ts";

export function source(text: string, line = 1): Source {
  return { file: "test.yaml", line, column: 1, text };
}

/**
 * `r /etc/**`, `deny w /a`, `connect unix /run/x`, `deny listen unix @y`; several patterns on one
 * line are several rules.
 */
export function names(...lines: string[]): NameRule[] {
  return lines.flatMap((text, index) => {
    const words = text.split(" ");
    const effect = words[0] === "deny" ? "deny" : "allow";
    if (effect === "deny") words.shift();
    const [operation, ...rest] = words as [string, ...string[]];
    const isUnix = rest[0] === "unix";
    const permissions = isUnix
      ? Permission[operation as "connect" | "listen"]
      : lettersOf(operation);
    return (isUnix ? rest.slice(1) : rest).map((pattern) => ({
      effect: effect as NameRule["effect"],
      permissions,
      pattern,
      source: source(text, index + 1),
    }));
  });
}

function lettersOf(letters: string): PermissionSet {
  let set = 0;
  for (const letter of letters) {
    const bit = permissionLetters[letter as keyof typeof permissionLetters];
    if (bit === undefined) throw new Error(`no permission letter: ${letter}`);
    set |= bit;
  }
  return set;
}

export function policy(parts: Partial<Policy> = {}): Policy {
  return {
    name: "test",
    summary: "",
    level: "enforcing",
    mediation: "sealed",
    entries: [],
    names: [],
    addresses: [],
    sockets: [],
    ...noWordRules,
    transitions: [],
    user: null,
    group: null,
    setUserId: [],
    coreDumps: "none",
    lateNames: "sealed",
    bestEffort: [],
    ...parts,
  };
}
