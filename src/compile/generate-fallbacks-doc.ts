import { releaseWords } from "../kernel/features.ts";
import {
  type Fallback,
  sealedFallbacks,
  supervisedFallbacks,
  type Without,
} from "./fallback-rows.ts";

const meanings: Readonly<Record<Without, string>> = {
  broker: "the mediator decides instead",
  refuse: "calls that need it are refused; everything else works",
  "best-effort":
    "the domain starts only if the policy names it under `best-effort`; the plan lists the loss",
  fail: "the domain does not start",
  less: "only speed or events are lost",
  unused: "such domains do not use it",
};

export function generateFallbacksDoc(): string {
  return [
    "<!-- Generated from src/compile/fallback-rows.ts and src/kernel/features.ts. -->",
    "# What a host may lack",
    "",
    'Cofferdam tries each feature (`cofferdam doctor` shows the results). A result of "could ' +
      'not tell"',
    "counts as missing. Only features that a domain needs matter: a domain without network grants",
    "starts on a host that cannot restrict addresses.",
    "",
    ...Object.entries(meanings).map(([without, meaning]) => `- *${without}*: ${meaning}.`),
    "",
    "A domain is supervised at level warning, and if its policy says `mediation: supervised`. " +
      "Every",
    "other domain is sealed. The mediator of a sealed domain is also called the broker.",
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
    "If Yama lets only ancestors trace a process (`ptrace_scope` 1, no CAP_SYS_PTRACE), `run` " +
      "stays as",
    "the daemon's ancestor and forwards signals and the exit status ([attended.md](attended.md)).",
    "",
    "## Further",
    "",
    "Cofferdam looks up users and groups in `/etc/passwd` and `/etc/group` alone, because it " +
      "could not",
    "notice a change in another name service.",
    "",
    "In a user namespace that does not map root, the folders above every policy seem to belong" +
      " to the user `nobody`, and no domain starts (CFD1008).",
    "",
    "`test/compile/plan/fallbacks.test.ts` and `supervised.test.ts` beside it test each row with",
    "invented probe results. `test/compile/kernel/missing-feature.test.ts` takes features away " +
      "by a",
    "seccomp filter, and tests those rows with the real probes and a real start.",
    "",
  ].join("\n");
}

function spell(fallback: Fallback | undefined): string {
  if (fallback === undefined) return "";
  const { without, bestEffort, instead } = fallback;
  const named = bestEffort === null ? "" : ` (\`${bestEffort}\`)`;
  return `*${without}*${named}${instead === "" ? "" : `: ${instead}`}`;
}
