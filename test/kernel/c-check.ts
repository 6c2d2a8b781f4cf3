import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Fields, Layout } from "../../src/kernel/struct.ts";
import { scratchFolder } from "../support/scratch.ts";

/** What C says of one name: a value, or that these headers do not have it. */
export type CAnswer =
  | { readonly state: "known"; readonly value: bigint }
  | { readonly state: "not in headers" };

const headers = [
  "asm/termbits.h",
  "asm/unistd.h",
  "elf.h",
  "errno.h",
  "fcntl.h",
  "limits.h",
  "linux/audit.h",
  "linux/bpf.h",
  "linux/capability.h",
  "linux/close_range.h",
  "linux/filter.h",
  "linux/fs.h",
  "linux/ioprio.h",
  "linux/landlock.h",
  "linux/limits.h",
  "linux/lsm.h",
  "linux/magic.h",
  "linux/memfd.h",
  "linux/netlink.h",
  "linux/openat2.h",
  "linux/prctl.h",
  "linux/seccomp.h",
  "netinet/in.h",
  "netinet/udp.h",
  "poll.h",
  "sched.h",
  "signal.h",
  "sys/epoll.h",
  "sys/resource.h",
  "sys/eventfd.h",
  "sys/file.h",
  "sys/inotify.h",
  "sys/ioctl.h",
  "sys/mman.h",
  "sys/mount.h",
  "sys/pidfd.h",
  "sys/socket.h",
  "sys/stat.h",
  "sys/un.h",
  "utime.h",
  "sys/wait.h",
  "time.h",
];
const includes = ["stddef.h", "stdio.h", ...headers].map((name) => `#include <${name}>\n`);
const prologue = `#define _GNU_SOURCE\n${includes.join("")}`;

/**
 * Evaluates integer expressions in C, with the kernel's headers and one of our own. An expression
 * that does not compile is one that these headers lack.
 */
export function evaluate(
  expressions: readonly string[],
  ownHeader: string | null = null,
): Map<string, CAnswer> {
  const folder = scratchFolder("struct-check");
  const including = ownHeader === null ? prologue : `${prologue}#include "${ownHeader}"\n`;
  try {
    const unknown = unknownTo(folder, expressions, including);
    const known = expressions.filter((expression) => !unknown.has(expression));
    const values = run(folder, known, including);
    return new Map(
      expressions.map((expression) => {
        const value = values.get(expression);
        return [
          expression,
          value === undefined ? { state: "not in headers" } : { state: "known", value },
        ];
      }),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Each expression is an array bound on a line of its own: the compiler names the line of every one
 * that it cannot evaluate.
 */
function unknownTo(folder: string, expressions: readonly string[], including: string): Set<string> {
  const source = join(folder, "unknown.c");
  const lines = expressions.map((text, index) => `long long x${index} = (long long)(${text});`);
  writeFileSync(source, `${including}#line 1 "expressions"\n${lines.join("\n")}\n`);
  try {
    execFileSync("gcc", ["-fsyntax-only", "-fmax-errors=0", source], {
      stdio: "pipe",
      env: { ...process.env, LC_ALL: "C" },
    });
    return new Set();
  } catch (error) {
    const report = String((error as { stderr?: Buffer }).stderr);
    const numbers = [...report.matchAll(/^expressions:(\d+):\d+: error/gm)].map((match) =>
      Number(match[1]),
    );
    if (numbers.length === 0) throw error;
    return new Set(numbers.map((number) => expressions[number - 1] ?? ""));
  }
}

function run(
  folder: string,
  expressions: readonly string[],
  including: string,
): Map<string, bigint> {
  const source = join(folder, "values.c");
  const program = join(folder, "values");
  const prints = expressions.map((text) => `  printf("%lld\\n", (long long)(${text}));`);
  writeFileSync(source, `${including}int main(void) {\n${prints.join("\n")}\n}\n`);
  execFileSync("gcc", ["-o", program, source], { stdio: "pipe" });
  const lines = execFileSync(program, { encoding: "utf8" }).trim().split("\n");
  return new Map(expressions.map((text, index) => [text, BigInt(lines[index] ?? "")]));
}

/** An expression in C, and what it is claimed to be. */
export type Claim = readonly [expression: string, expected: bigint];

/** What C says to each claim, and what it would say if all of them were right. */
export function compareWithC(
  claims: readonly Claim[],
  ownHeader: string,
): { readonly said: readonly unknown[]; readonly claimed: readonly unknown[] } {
  const answers = evaluate(
    claims.map(([expression]) => expression),
    ownHeader,
  );
  return {
    said: claims.map(([expression]) => [expression, answers.get(expression)]),
    claimed: claims.map(([expression, value]) => [expression, { state: "known", value }]),
  };
}

/** Of its size and offsets, and of the width of each field. */
export function layoutClaims(layout: Layout<Fields>): readonly Claim[] {
  return [...layoutExpressions(layout), ...widthExpressions(layout)];
}

/** The expressions for a layout's size and offsets, with what the layout says. */
function layoutExpressions(layout: Layout<Fields>): Claim[] {
  const offsets = Object.keys(layout.fields)
    .filter(isNamed)
    .map(
      (field): Claim => [`offsetof(${layout.cName}, ${field})`, BigInt(layout.offset[field] ?? -1)],
    );
  return layout.prefix ? offsets : [[`sizeof(${layout.cName})`, BigInt(layout.size)], ...offsets];
}

/** Size in bytes of each field, for the check that a field is as wide as C's. */
function widthExpressions(layout: Layout<Fields>): Claim[] {
  return Object.entries(layout.fields)
    .filter(([field]) => isNamed(field))
    .map(([field, kind]) => [
      `sizeof(((${layout.cName} *)0)->${field})`,
      BigInt(kind.startsWith("bytes:") ? Number(kind.slice(6)) : Number(/\d+/.exec(kind)?.[0]) / 8),
    ]);
}

function isNamed(field: string): boolean {
  return !field.startsWith("#");
}
