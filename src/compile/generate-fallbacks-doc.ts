import { releaseWords } from "../kernel/features.ts";
import {
  type Fallback,
  sealedFallbacks,
  supervisedFallbacks,
  type Without,
} from "./fallback-rows.ts";

const meanings: Readonly<Record<Without, string>> = {
  broker: "the mediator decides instead",
  refuse: "what would need it is refused, the rest goes on",
  "best-effort":
    "the domain starts only if the policy names it under `best-effort`; the plan lists the loss",
  fail: "the domain does not start",
  less: "nothing is lost but speed or sight",
  unused: "this way of holding does not build on it",
};

/** The text of `docs/fallbacks.md`. */
export function generateFallbacksDoc(): string {
  return [
    "<!-- Generated from src/compile/fallback-rows.ts and src/kernel/features.ts. -->",
    "# What a host may lack",
    "",
    "Every feature is probed by trying it (`cofferdam doctor` shows the answers). An answer of",
    '"could not tell" counts as missing. A feature that a domain does not need does not matter: a',
    "domain without network grants starts on a host that cannot restrict addresses.",
    "",
    ...Object.entries(meanings).map(([without, meaning]) => `- *${without}*: ${meaning}.`),
    "",
    "At level warning, and wherever a policy says `mediation: supervised`, the mediator alone",
    "judges the domain. Every other domain is sealed.",
    "",
    "| feature | since Linux | needed for | sealed, without it | supervised, without it |",
    "|---|---|---|---|---|",
    ...sealedFallbacks.map((sealed, at) => {
      const { feature, purpose } = sealed;
      const ways = [spell(sealed), spell(supervisedFallbacks[at])];
      const cells = [`\`${feature}\``, releaseWords(feature), purpose, ...ways];
      return `| ${cells.join(" | ")} |`;
    }),
    "",
    "Where Yama lets only ancestors trace a process (`ptrace_scope` 1, no CAP_SYS_PTRACE), `run`",
    "stays as the daemon's ancestor, sealed or supervised. It passes on signals and the exit",
    "status.",
    "",
    "## Further",
    "",
    "Users and groups are looked up in `/etc/passwd` and `/etc/group` alone; other name services" +
      " are not asked, since no plan could say when",
    "their answer has changed.",
    "",
    "In a user namespace that does not map root, the folders above every policy seem to belong" +
      " to the user `nobody`, and no domain starts (CFD1008).",
    "",
    "`test/compile/plan/fallbacks.test.ts` and `supervised.test.ts` beside it test each row with" +
      " made-up answers, `test/compile/kernel/missing-feature.test.ts` those that a seccomp",
    "filter can bring about, with the real probes and a real start.",
    "",
  ].join("\n");
}

function spell(fallback: Fallback | undefined): string {
  if (fallback === undefined) return "";
  const { without, bestEffort, instead } = fallback;
  const named = bestEffort === null ? "" : ` (\`${bestEffort}\`)`;
  return `*${without}*${named}${instead === "" ? "" : `: ${instead}`}`;
}
