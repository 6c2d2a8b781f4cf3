import { generateFallbacksDoc } from "../../src/compile/generate-fallbacks-doc.ts";
import { generateDifferencesDoc } from "../../src/compile/lsm/generate-differences-doc.ts";
import { generateSystemCallsDoc } from "../../src/compile/seccomp/generate-doc.ts";

/** Pages made from the compiler's tables. */
export function generate(): Array<{ path: string; text: string }> {
  return [
    { path: "docs/system-calls.md", text: generateSystemCallsDoc() },
    { path: "docs/engine-differences.md", text: generateDifferencesDoc() },
    { path: "docs/fallbacks.md", text: generateFallbacksDoc() },
  ];
}

export default generate;
