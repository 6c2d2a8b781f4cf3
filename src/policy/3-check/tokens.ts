import { diagnose } from "../../diagnostics/diagnose.ts";
import { isNamed } from "../../model/is-named.ts";
import { mountCalls } from "../../model/never-granted.ts";
import type { Policy, TokenRule } from "../../model/policy.ts";
import { spanOf } from "../2-resolve/rule-source.ts";
import type { Check } from "./context.ts";
import { isSealedNow } from "./sealed-now.ts";

/**
 * Capabilities that reach past what the other rules say, each with what it allows; see
 * capabilities(7).
 */
const strong: Readonly<Record<string, string>> = {
  sys_admin:
    "do most of what root can: mount, trace, change namespaces and read the environment of every process",
  perfmon: "watch other processes and read their environment",
  sys_ptrace:
    "read and change the memory of processes outside the domain where no scope keeps it in",
  dac_read_search: "open files by handle and read every file whatever its mode",
  sys_module: "load code into the kernel",
  sys_rawio: "reach devices and memory directly",
  bpf: "load programs into the kernel",
  mac_admin: "change the policy of other security modules",
  mac_override: "ignore the policy of other security modules",
};

/** Capabilities, system calls and signals. */
export const checkTokens: Check = (policy, { neverGranted }, report) => {
  for (const { effect, token, source } of policy.capabilities) {
    const consequence = Object.hasOwn(strong, token) ? strong[token] : undefined;
    if (effect === "allow" && consequence !== undefined) {
      report(diagnose("strong-capability", spanOf(source), { name: token, effect: consequence }));
    }
  }
  reportDenied(policy, report);
  reportNever(policy, new Set(neverGranted), report);
  if (policy.mediation !== "sealed") return;
  for (const { effect, token, source } of policy.signals) {
    if (effect !== "allow" || token === "self" || token === "any") continue;
    report(
      isSealedNow(policy)
        ? diagnose("sealed-signal", spanOf(source), { name: token })
        : diagnose("refused-when-sealed", spanOf(source), {
            what: `signals to just the domain \`${token}\``,
          }),
    );
  }
};

/**
 * A group is given without its members that are never granted; only a call named as itself is a
 * mistake.
 */
function reportNever(
  policy: Policy,
  never: ReadonlySet<string>,
  report: Parameters<Check>[2],
): void {
  for (const rule of policy.syscalls.filter(
    (one) => one.effect === "allow" && isNamed(one) && never.has(one.token),
  )) {
    const [name, span] = [rule.token, spanOf(rule.source)];
    const mounts = mountCalls.includes(name);
    if (isSealedNow(policy)) report(diagnose("sealed-syscall", span, { name }));
    else if (!mounts) report(diagnose("never-syscall", span, { name }));
    else if (policy.mediation === "sealed")
      report(diagnose("refused-when-sealed", span, { what: `\`${name}\`` }));
    else report(diagnose("refused-mount", span, { name }));
  }
}

function reportDenied(policy: Policy, report: Parameters<Check>[2]): void {
  const sections: Readonly<Record<string, readonly TokenRule[]>> = {
    capabilities: policy.capabilities,
    ipc: policy.ipc,
    inherit: policy.inherit,
    signals: policy.signals,
    syscalls: policy.syscalls.filter((rule) => rule.effect === "deny" || isNamed(rule)),
  };
  for (const [section, rules] of Object.entries(sections)) {
    const denials = new Map(
      rules.filter((rule) => rule.effect === "deny").map((rule) => [rule.token, rule.source]),
    );
    for (const { effect, token, source } of rules) {
      const deny = denials.get(token);
      if (effect === "allow" && deny !== undefined) {
        report(
          diagnose("denied-token", spanOf(source), {
            token,
            section,
            line: deny.line,
            file: deny.file,
          }),
        );
      }
    }
  }
}
