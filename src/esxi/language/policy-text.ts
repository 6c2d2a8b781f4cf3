import type { Keys } from "./translate.ts";

/**
 * A policy file with these keys. Writes every value as JSON, which is valid YAML, and leaves out
 * empty ones.
 */
export function policyText(keys: Keys, origin: string): string {
  const lines = Object.entries(keys).flatMap(([key, value]) => {
    if (!Array.isArray(value)) return [`${key}: ${JSON.stringify(value)}`];
    const items = [...new Set(value.map((item) => JSON.stringify(item)))];
    return items.length === 0 ? [] : [`${key}:`, ...items.map((item) => `  - ${item}`)];
  });
  return [
    `# Translated by secpolicytools from ${origin.replaceAll(/[\n\r]/g, " ")}.`,
    ...lines,
    "",
  ].join("\n");
}
