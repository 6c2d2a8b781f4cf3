import { parsePattern } from "../pattern.ts";
import { Permission } from "../permission.ts";
import type { NameRule } from "../policy.ts";

/**
 * A grant to connect to pathnames of which not every component is written out. A program that
 * compares names as text cannot hold it: a symbolic link of the host that matches, now or later,
 * would lead the kernel to a socket of another name.
 */
export function isSocketPattern({ effect, permissions, pattern }: NameRule): boolean {
  if (effect === "deny" || (permissions & Permission.connect) === 0) return false;
  const parsed = parsePattern(pattern);
  if ("problem" in parsed) return false;
  return parsed.pattern.alternatives.some(
    ({ atoms }) => atoms[0]?.text !== "@" && atoms.some((atom) => atom.kind !== "byte"),
  );
}
