import { diagnose } from "../../diagnostics/diagnose.ts";
import { nearest } from "../../diagnostics/nearest.ts";
import { spanOf, tokenRule } from "../../policy/2-resolve/rule-source.ts";
import type { WordSyntax } from "../../policy/word-syntax.ts";
import { capabilityNames, isCapability } from "./model.ts";

/**
 * Capabilities that grant more than the other rules say, each with what it allows; see
 * capabilities(7).
 */
export const strongCapabilities: Readonly<Record<string, string>> = {
  sys_admin:
    "do most of what root can: mount, trace, change namespaces and read the environment of " +
    "every process",
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

export const capabilities: WordSyntax<string> = {
  key: {
    summary: "Capabilities that the daemon keeps in its bounding set.",
    form: "[deny] NAME...",
    example: "capabilities: [net_bind_service, setuid, setgid]",
    standard: "empty",
  },
  resolve(line, { scope }) {
    if (isCapability(line.token)) return [tokenRule(line, line.token)];
    const plain = line.token.toLowerCase().replace(/^cap_/, "");
    const suggestion = isCapability(plain) ? plain : nearest(plain, capabilityNames);
    scope.report(diagnose("unknown-capability", line.word.span, { name: line.token }, suggestion));
    return [];
  },
  check(policy, _context, report) {
    for (const { effect, token, source } of policy.capabilities) {
      const consequence = Object.hasOwn(strongCapabilities, token)
        ? strongCapabilities[token]
        : undefined;
      if (effect === "allow" && consequence !== undefined) {
        report(diagnose("strong-capability", spanOf(source), { name: token, effect: consequence }));
      }
    }
  },
  chapter: {
    title: "capabilities",
    text: () => `Capabilities: ${capabilityNames.map((name) => `\`${name}\``).join(", ")}.`,
  },
};
