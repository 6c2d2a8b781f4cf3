import { diagnose } from "../../diagnostics/diagnose.ts";
import { bytesOfName } from "../../model/name-bytes.ts";
import { coverage, parsePattern } from "../../model/pattern.ts";
import { Permission } from "../../model/permission.ts";
import type { NameRule } from "../../model/policy.ts";
import { spanOf } from "../2-resolve/rule-source.ts";
import type { Check } from "./context.ts";
import { parentOf, prefixOf } from "./overlap.ts";

const replace = Permission.create | Permission.delete;

/** Unix sockets that are granted by name, while the domain itself decides what has that name. */
export const checkSocketPaths: Check = (policy, _context, report) => {
  const connects = policy.names.filter(
    (rule) => rule.effect === "allow" && (rule.permissions & Permission.connect) !== 0,
  );
  const writers = policy.names.filter((rule) => rule.effect === "allow" && (rule.permissions & replace) !== 0);
  for (const rule of connects.filter(({ pattern }) => pattern.startsWith("/"))) {
    const other = writers.find((writer) => pathAbove(prefixOf(rule)).some((path) => isReplaceable(path, writer)));
    if (other !== undefined) {
      report(
        diagnose("writable-socket-path", spanOf(rule.source), { pattern: rule.pattern, other: other.source.text }),
      );
    }
  }
};

function pathAbove(path: string): string[] {
  return path === "/" ? [] : [path, ...pathAbove(parentOf(path))];
}

function isReplaceable(path: string, writer: NameRule): boolean {
  const parsed = parsePattern(writer.pattern);
  if ("problem" in parsed) return false;
  return (coverage(parsed.pattern, bytesOfName(path)) & writer.permissions & replace) !== 0;
}
