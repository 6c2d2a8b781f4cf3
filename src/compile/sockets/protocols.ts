import { noProtocols, type Protocols } from "../../kernel/system-calls/sealed-context.ts";
import type { SocketRule } from "../../model/policy.ts";

/** Deny beats allow, and a rule without a number means all. */
export function grantedProtocols(
  rules: readonly SocketRule[],
  family: SocketRule["family"],
): Protocols {
  const own = rules.filter((rule) => rule.family === family);
  const numbers = (effect: SocketRule["effect"]) =>
    own
      .filter((rule) => rule.effect === effect)
      .flatMap(({ protocol }) => (protocol === null ? [] : [protocol]));
  const whole = (effect: SocketRule["effect"]) =>
    own.some((rule) => rule.effect === effect && rule.protocol === null);
  if (whole("deny")) return noProtocols;
  const denied = unique(numbers("deny"));
  if (whole("allow")) return { kind: "all-but", numbers: denied };
  return {
    kind: "only",
    numbers: unique(numbers("allow")).filter((number) => !denied.includes(number)),
  };
}

function unique(numbers: readonly number[]): number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}
