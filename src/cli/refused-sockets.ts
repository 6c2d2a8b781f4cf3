import { existsSync } from "node:fs";
import { type DenialCounts, denialCounts, denialKinds } from "../compile/cgroup/denials.ts";
import type { Context } from "./command.ts";
import { readyPlans } from "./ready-plans.ts";

/** What the kernel programs of one ready plan have refused since their cgroup was made; which calls, events tell. */
export interface RefusedSockets {
  readonly anchor: string;
  readonly counts: DenialCounts;
}

const words: Readonly<Record<(typeof denialKinds)[number], string>> = {
  create: "socket",
  connect: "connect",
  send: "send",
  bind: "bind",
  unixConnect: "unix connect",
  unixSend: "unix send",
};

/** One entry for each cgroup of the domain that is there. Only root can read them; for others the list is empty. */
export function refusedSockets(context: Context, domain: string): readonly RefusedSockets[] {
  if (process.geteuid?.() !== 0) return [];
  const anchors = readyPlans(context, domain).flatMap(({ plan }) => plan.cgroup?.anchor ?? []);
  return [...new Set(anchors)]
    .filter((anchor) => existsSync(anchor))
    .map((anchor) => ({ anchor, counts: denialCounts(anchor) }));
}

export function renderRefusedSockets(refused: readonly RefusedSockets[]): string {
  if (refused.length === 0) return "";
  const lines = refused.flatMap(({ anchor, counts }) => {
    const some = denialKinds.filter((kind) => counts[kind] > 0n).map((kind) => `${words[kind]} ${counts[kind]}`);
    return some.length === 0 ? [] : [`  ${anchor}\n    ${some.join(", ")}\n`];
  });
  const none = `  none in ${refused.length === 1 ? "the cgroup" : `all ${refused.length} cgroups`} of ready plans\n`;
  return `\nsocket calls refused by the kernel's programs so far\n${lines.length === 0 ? none : lines.join("")}`;
}
