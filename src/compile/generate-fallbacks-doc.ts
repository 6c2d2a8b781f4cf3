import { releaseWords } from "../kernel/features.ts";
import type { Without } from "./fallback-rows.ts";
import { fallbacks } from "./fallbacks.ts";
import { supervisedFallbacks } from "./supervised-fallbacks.ts";

const meanings: Readonly<Record<Without, string>> = {
  broker: "the mediator decides instead",
  refuse: "what would need it is refused, the rest goes on",
  "best-effort":
    "the domain starts only if the policy names it under `best-effort`; the plan lists the loss",
  fail: "the domain does not start",
  less: "nothing is lost but speed or sight",
  unused: "this engine does not build on it",
};

/** The text of `docs/fallbacks.md`. */
export function generateFallbacksDoc(): string {
  return [
    "<!-- Generated from src/compile/fallback-rows.ts and src/kernel/features.ts. -->",
    "# What a host may lack",
    "",
    'Every feature is probed by trying it (`cofferdam doctor` shows the answers); "could not tell" counts as missing. What a domain does not need',
    "does not matter to it: a domain without network grants starts on a host that cannot hold addresses.",
    "",
    ...Object.entries(meanings).map(([without, meaning]) => `- *${without}*: ${meaning}.`),
    "",
    "| feature | since Linux | needed for | without it | |",
    "|---|---|---|---|---|",
    ...fallbacks.map(({ feature, purpose, without, bestEffort, instead }) => {
      const agreed = bestEffort === null ? "" : ` (\`${bestEffort}\`)`;
      const cells = [`\`${feature}\``, releaseWords(feature), purpose, `*${without}*${agreed}`];
      return `| ${[...cells, instead].join(" | ")} |`;
    }),
    "",
    "## Supervised domains",
    "",
    "At level warning, and wherever a policy says `mediation: supervised`, the mediator alone holds the domain. It stands on less:",
    "",
    "| feature | without it | |",
    "|---|---|---|",
    ...supervisedFallbacks
      .filter(({ without }) => without !== "unused")
      .map(({ feature, without, bestEffort, instead }) => {
        const agreed = bestEffort === null ? "" : ` (\`${bestEffort}\`)`;
        return `| \`${feature}\` | *${without}*${agreed} | ${instead} |`;
      }),
    "",
    "Everything else in the first table is nothing to it. Where Yama lets only ancestors look into a process (`ptrace_scope` 1, no CAP_SYS_PTRACE),",
    "`run` stays as the daemon's ancestor, sealed or supervised: signals and the exit status are passed on.",
    "",
    "## Further",
    "",
    "Users and groups are looked up in `/etc/passwd` and `/etc/group` alone; other name services are not asked, since no plan could say when",
    "their answer has changed.",
    "",
    "In a user namespace that does not map root, the folders above every policy seem to belong to nobody, and no domain starts (CFD1008).",
    "",
    "`test/compile/plan/fallbacks.test.ts` and `supervised.test.ts` beside it test each row with made-up answers, `test/compile/kernel/missing-feature.test.ts` those that a seccomp",
    "filter can bring about, with the real probes and a real start.",
    "",
  ].join("\n");
}
