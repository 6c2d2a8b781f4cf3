import { join } from "node:path";
import { vocabulary } from "../../src/host/load.ts";
import { alternatives, parsePattern } from "../../src/model/pattern.ts";
import { holdsInKernel, type Policy } from "../../src/model/policy.ts";
import { loadPolicy } from "../../src/policy/load.ts";
import { printPolicy } from "../../src/policy/print.ts";
import { clone } from "../package/packages.ts";

export const policyFile = (name: string): string => join(clone, "domains", `${name}.yaml`);

/** Whether the landlock engine cannot hold it, so that no container can show how it is held. */
export const isKernelsAlone = (name: string): boolean => holdsInKernel(shippedPolicy(name));

/** @throws Error with what is wrong with it */
export function shippedPolicy(name: string): Policy {
  const { policy, diagnostics } = loadPolicy(policyFile(name), { vocabulary: vocabulary() });
  if (policy === null) throw new Error(`domains/${name}.yaml: ${JSON.stringify(diagnostics)}`);
  return policy;
}

/**
 * What a shipped policy grants and denies, sorted. In which of its files a line stands, its own or
 * an abstraction, makes no difference.
 */
export function meaningOf(name: string): readonly string[] {
  let section = "";
  const lines = printPolicy(withoutBraces(shippedPolicy(name)))
    .trimEnd()
    .split("\n");
  const said = lines.map((line) => {
    if (!line.startsWith(" ")) section = line;
    return line === section ? line : `${section}${line}`;
  });
  return [...new Set(said)].filter((line) => !line.startsWith("summary:")).sort();
}

/** `r /a/{b,c}` is `r /a/b` and `r /a/c`. */
function withoutBraces(policy: Policy): Policy {
  const names = policy.names.flatMap((rule) => {
    const parsed = parsePattern(rule.pattern);
    if ("problem" in parsed) throw new Error(`${policy.name}: ${parsed.problem}`);
    return alternatives(parsed.pattern).map((pattern) => ({ ...rule, pattern }));
  });
  return { ...policy, names };
}
