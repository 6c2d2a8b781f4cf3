import { diagnose } from "../../diagnostics/diagnose.ts";
import { decide } from "../../model/decide.ts";
import { granted } from "../../model/granted.ts";
import { isNamed } from "../../model/is-named.ts";
import { Permission } from "../../model/permission.ts";
import { spanOf, tokenRule } from "../../policy/2-resolve/rule-source.ts";
import type { Check } from "../../policy/3-check/context.ts";
import { literalOf } from "../../policy/3-check/overlap.ts";
import type { WordSyntax } from "../../policy/word-syntax.ts";
import type { MemoryKind } from "./model.ts";

/**
 * Programs, by the last part of their names, that compile into memory. php and postgres do so only
 * with some settings, which are the default.
 */
const compilers: readonly RegExp[] = [
  /^(node|nodejs|deno|bun|electron|chromium|firefox(-esr)?)$/,
  /^(java|javac|jshell|dotnet|mono|mono-sgen)$/,
  /^php(-fpm|-cgi)?[\d.]*$/,
  /^(luajit|pypy3?|julia|beam\.smp|postgres)([\d.-]\S*)?$/,
  /^qemu-(system-)?\w+$/,
];

/** `program`: its absolute name. */
export function compilesInMemory(program: string): boolean {
  const name = program.slice(program.lastIndexOf("/") + 1);
  return compilers.some((known) => known.test(name));
}

export const memory: WordSyntax<MemoryKind> = {
  key: {
    summary:
      "Code without a program file: compilers (`jit`), files in memory (`memfd`), libraries " +
      "beside threads (`dlopen`).",
    form: "[deny] KIND...",
    example: "memory: [jit]",
    standard: "empty",
  },
  resolve: (line) => [tokenRule(line, line.token)],
  check(policy, context, report) {
    const words = granted(policy.memory);
    if (!words.has("jit")) checkPrograms(policy, context, report);
    if (!words.has("memfd")) checkFilesInMemory(policy, context, report);
  },
  chapter: {
    title: "memory",
    text: () =>
      [
        "Memory: without `jit` no memory is executed that was written before, so that a process",
        "runs only code of files. Programs that compile while they run need it: node, java, PHP",
        "with its JIT, emulators, and debuggers that set breakpoints. `memfd` permits",
        "memfd_create, whose files have no name and can be mapped as code. The policy must list",
        "the call, too. A supervised domain maps a file as code only with `m` on its name (under",
        "`files`), which `base` grants for the C library's folder. A process with several threads",
        "also needs `dlopen` for that: another thread may exchange the file after it was judged.",
        "Without `dlopen` a daemon must load all its libraries before its first thread.",
      ].join("\n"),
  },
};

/** Only programs that a rule names as themselves. */
const checkPrograms: Check = (policy, { hasExecutableStack }, report) => {
  const isGranted = (path: string) =>
    decide(policy, { class: "name", operation: "execute", path }).outcome === "granted";
  for (const rule of policy.names) {
    const program = literalOf(rule);
    if (rule.effect === "deny" || (rule.permissions & Permission.execute) === 0) continue;
    if (program === null || !program.startsWith("/") || !isGranted(program)) continue;
    if (compilesInMemory(program)) report(diagnose("needs-jit", spanOf(rule.source), { program }));
    if (hasExecutableStack?.(program) === true)
      report(diagnose("executable-stack", spanOf(rule.source), { program }));
  }
};

const checkFilesInMemory: Check = ({ syscalls }, _context, report) => {
  const rule = syscalls.find(({ effect, token }) => effect === "allow" && token === "memfd_create");
  if (rule !== undefined && isNamed(rule)) report(diagnose("needs-memfd", spanOf(rule.source), {}));
};
