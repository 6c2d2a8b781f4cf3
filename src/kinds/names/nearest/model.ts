import { nameOfBytes } from "../../../model/name-bytes.ts";
import { SLASH } from "../../../model/pattern/byte-set.ts";
import { Places } from "../../../model/pattern/follow.ts";
import type { Branch } from "../../../model/pattern/types.ts";
import { coverage, parsePattern } from "../../../model/pattern.ts";
import { formatLetters, Permission, type PermissionSet } from "../../../model/permission.ts";
import type { NameRule } from "../../../model/rule.ts";
import type { Near } from "../../../model/rule-kind.ts";

/** A rule is near a name with which its pattern agrees for so many components. */
const COMPONENTS_MIN = 2;

/** The grant that comes nearest to `permission` on a name that no grant covers. */
export function nearestName(
  rules: readonly NameRule[],
  name: Uint8Array,
  permission: PermissionSet,
): Near | null {
  const grants = rules.filter(({ effect }) => effect === "allow");
  return withoutLetter(grants, name, permission) ?? furthest(grants, name, permission);
}

/** The longest pattern that names it, for something else. */
function withoutLetter(
  grants: readonly NameRule[],
  name: Uint8Array,
  permission: PermissionSet,
): Near | null {
  const naming = grants
    .filter(({ permissions, pattern }) => (covered(pattern, name) & permissions) !== 0)
    .toSorted((a, b) => b.pattern.length - a.pattern.length);
  const [rule] = naming;
  if (rule === undefined) return null;
  const isOfFolder = (rule.permissions & permission) !== 0;
  const why = isOfFolder
    ? "it names what is in the folder: the folder itself is not made or removed by it"
    : `it names it, but without \`${wordOf(permission)}\``;
  return { source: rule.source, why };
}

function covered(pattern: string, name: Uint8Array): PermissionSet {
  const parsed = parsePattern(pattern);
  return "problem" in parsed ? 0 : coverage(parsed.pattern, name);
}

function wordOf(permission: PermissionSet): string {
  const letters = formatLetters(permission);
  if (letters !== "") return letters;
  return permission === Permission.connect ? "connect unix" : "listen unix";
}

/** How far a pattern agrees with a name, in bytes of the name. */
interface Agreement {
  readonly bytes: number;
  /** The pattern ends at this many bytes; 0 if it nowhere does. */
  readonly ended: number;
}

function furthest(
  grants: readonly NameRule[],
  name: Uint8Array,
  permission: PermissionSet,
): Near | null {
  let best: { readonly rule: NameRule; readonly agreed: Agreement } | null = null;
  for (const rule of grants) {
    const parsed = parsePattern(rule.pattern);
    if ("problem" in parsed || (rule.permissions & permission) === 0) continue;
    for (const branch of parsed.pattern.branches) {
      const agreed = agreement(branch, name);
      if (isNear(agreed, name) && agreed.bytes > (best?.agreed.bytes ?? 0)) best = { rule, agreed };
    }
  }
  return best === null ? null : { source: best.rule.source, why: sayWhy(best.agreed, name) };
}

function agreement({ tokens }: Branch, name: Uint8Array): Agreement {
  let reached = Places.after(tokens, 0);
  let ended = 0;
  for (let at = 0; at < name.length; at++) {
    reached = reached.next(tokens, name[at] as number);
    if (reached.isStuck) return { bytes: at, ended };
    if (reached.has(tokens.length)) ended = at + 1;
  }
  return { bytes: name.length, ended };
}

function isNear({ bytes, ended }: Agreement, name: Uint8Array): boolean {
  const slashes = name.subarray(0, bytes).filter((byte) => byte === SLASH).length;
  return bytes === name.length || ended > 1 || slashes > COMPONENTS_MIN;
}

function sayWhy({ bytes, ended }: Agreement, name: Uint8Array): string {
  if (bytes === name.length) return "it names only longer names that begin so";
  const agreed = nameOfBytes(name.subarray(0, bytes));
  return ended === bytes
    ? `it ends with \`${agreed}\``
    : `it agrees with this name only as far as \`${agreed}\``;
}
