import { diagnose } from "../../diagnostics/diagnose.ts";
import { Permission } from "../../model/permission.ts";
import { spanOf } from "../2-resolve/rule-source.ts";
import type { Check } from "./context.ts";

/** What the landlock engine does not do, or does only at a price. */
export const checkEngine: Check = (policy, { facts }, report) => {
  for (const rule of policy.names) {
    if (rule.effect === "allow" && (rule.permissions & Permission.map) !== 0) {
      report(diagnose("map-unmediated", spanOf(rule.source), { rule: rule.source.text }));
    }
  }
  for (const { source } of policy.transitions) {
    report(
      diagnose("transition-not-made", spanOf(source), { rule: source.text, name: policy.name }),
    );
  }
  if (!facts) return;
  const supervised = policy.mediation === "supervised";
  if (!supervised && facts.features["cgroup-inet"]?.state !== "yes") {
    for (const rule of policy.addresses.filter(
      ({ network, protocol }) => network !== null || protocol === "udp",
    )) {
      report(diagnose("brokered-address", spanOf(rule.source), { rule: rule.source.text }));
    }
  }
  const held =
    facts.features["cgroup-unix"]?.state === "yes" ||
    facts.features["landlock-unix"]?.state === "yes";
  if (supervised || !held) {
    for (const rule of policy.names.filter(
      ({ permissions }) => (permissions & Permission.connect) !== 0,
    )) {
      report(diagnose("brokered-address", spanOf(rule.source), { rule: rule.source.text }));
    }
  }
};
