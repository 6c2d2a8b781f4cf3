import { type HookUse, hookGroups, hookReleases } from "./hooks.ts";

const meanings: Readonly<Record<HookUse, string>> = {
  held: "a program of the engine decides there",
  open: "what is asked there could matter to a domain, and no program decides it yet",
  elsewhere: "another hook or layer sees the same act",
  harmless: "a domain gains nothing there that a policy could refuse",
  "no decision": "the kernel tells security modules something, and asks nothing",
};

export function generateHooksDoc(): string {
  const uses = Object.entries(meanings) as [HookUse, string][];
  return [
    "<!-- Generated from src/kernel/bpf/lsm/hooks.ts. -->",
    "# Hooks of the kernel's security modules",
    "",
    "Every hook that a kernel offers to BPF programs, and what the [bpf-lsm engine](bpf-lsm.md)",
    "makes of it. A test compares the table with the running kernel and with Debian's stock",
    "kernel, so that a hook of a newer kernel does not go unnoticed.",
    "",
    ...uses.flatMap(([use, meaning]) => section(use, meaning)),
    "## Hooks that not every kernel has",
    "",
    "Linux 6.12, 6.18 and 7.3 were looked at; the releases between are from the kernel's history.",
    "",
    "| hook | since | until |",
    "|---|---|---|",
    ...Object.entries(hookReleases).map(
      ([hook, { since = "", until = "" }]) => `| \`${hook}\` | ${since} | ${until} |`,
    ),
    "",
  ].join("\n");
}

function section(use: HookUse, meaning: string): string[] {
  const rows = hookGroups.filter((group) => group.use === use);
  return [
    `## ${use[0]?.toUpperCase()}${use.slice(1)}`,
    "",
    `${meaning[0]?.toUpperCase()}${meaning.slice(1)}.`,
    "",
    "| asked there | hooks |",
    "|---|---|",
    ...rows.map(
      ({ why, hooks }) =>
        `| ${why.replace(/\s+/g, " ")} | ${hooks.map((hook) => `\`${hook}\``).join(", ")} |`,
    ),
    "",
  ];
}
