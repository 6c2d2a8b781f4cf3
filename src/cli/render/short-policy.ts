import { groups } from "../../kernel/syscall-groups.ts";

const HEAD = "syscalls:";
const ITEM = /^ {2}- "([\w@-]+)"$/;

/**
 * A printed policy (`policy/print.ts`) in which groups stand for their system calls: a reader would
 * not look at hundreds of lines. It means the same as long as the groups have the same members.
 */
export function shortPolicy(text: string): string {
  const lines = text.split("\n");
  const start = lines.indexOf(HEAD) + 1;
  if (start === 0) return text;
  const length = lines.slice(start).findIndex((line) => !line.startsWith("  "));
  const section = lines.slice(start, length < 0 ? lines.length : start + length);
  const names = section.map((line) => ITEM.exec(line)?.[1]).filter((name) => name !== undefined);
  const others = section.filter((line) => !ITEM.test(line));
  const short = [...grouped(names).map((name) => `  - "${name}"`), ...others];
  return [...lines.slice(0, start), ...short, ...lines.slice(start + section.length)].join("\n");
}

/** The largest groups whose calls are all there, and the calls that are in none of them. */
function grouped(names: readonly string[]): readonly string[] {
  const left = new Set(names);
  const all = new Set(names);
  const found: string[] = [];
  const bySize = Object.entries(groups()).sort(([, a], [, b]) => b.length - a.length);
  for (const [group, members] of bySize) {
    if (
      members.length === 0 ||
      !members.every((name) => all.has(name)) ||
      !members.some((name) => left.has(name))
    )
      continue;
    found.push(group);
    for (const name of members) left.delete(name);
  }
  return [...found, ...left];
}
