import { type EngineDifference, engineDifferences } from "../../model/engines/differences.ts";
import { lsmHoldings } from "../../model/engines/lsm-holdings.ts";

const ways: Readonly<Record<EngineDifference["way"], string>> = {
  open: "What bpf-lsm leaves open, or to others",
  stricter: "What bpf-lsm grants less of",
  otherwise: "What bpf-lsm holds in another way",
  better: "What bpf-lsm holds and landlock does not",
};

export function generateDifferencesDoc(): string {
  return [
    "<!-- Generated from src/model/engines/. -->",
    "# Where the engines differ",
    "",
    "The same policy works with both engines, and `decide()` says what it means",
    "([ARCHITECTURE.md](../ARCHITECTURE.md)). This page is what is not the same. On a host whose",
    "engine is bpf-lsm ([bpf-lsm.md](bpf-lsm.md)), `check` and `plan` tell what of it a policy",
    "meets. What turns on the host and on no line of a policy is in",
    "[bpf-lsm.md](bpf-lsm.md#what-no-line-of-a-policy-shows), also where no test shows it.",
    "",
    ...(Object.keys(ways) as EngineDifference["way"][]).flatMap(section),
    "## What bpf-lsm decides, and where",
    "",
    "| request | hook | needs |",
    "|---|---|---|",
    ...lsmHoldings.map(
      ({ request, hooks, permission }) =>
        `| ${request} | ${hooks.map((hook) => `\`${hook}\``).join(", ")} | ${permission} |`,
    ),
    "",
    "At level warning what is refused is granted and told of, at level disabled granted, with the",
    "exception of Cofferdam's own objects. [lsm-hooks.md](lsm-hooks.md) has every hook of the",
    "kernel.",
    "",
    "## Tests",
    "",
    "Each row of the first tables names a test that fails if it is not so",
    "(`test/lsm/engine-tables.test.ts`). The generated policies of",
    "`test/vm/guest/lsm-differential.ts` and `lsm-network.ts` are compared with `decide()`, and no",
    "difference is excused there. Of the programs of `test/attacks` that root can run, those named",
    "here succeed at enforcing, and no others (`npm run test:lsm`).",
    "",
  ].join("\n");
}

function section(way: EngineDifference["way"]): string[] {
  const rows = engineDifferences.filter((one) => one.way === way);
  return [
    `## ${ways[way]}`,
    "",
    "| what | landlock | bpf-lsm | what helps | attacks that succeed |",
    "|---|---|---|---|---|",
    ...rows.map(({ what, landlock, lsm, help, attacks }) => {
      const named = attacks.map((name) => `\`${name}\``).join(", ");
      return `| ${[what, landlock, lsm, help, named].join(" | ")} |`;
    }),
    "",
  ];
}
