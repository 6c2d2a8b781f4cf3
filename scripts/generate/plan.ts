import { generatePlanDoc } from "../../src/plan/generate-doc.ts";
import { generatePlanHeader } from "../../src/plan/generate-header.ts";

/** Files made from the plan's layout. */
export function generate(): Array<{ path: string; text: string }> {
  return [
    { path: "native/plan-layout.h", text: generatePlanHeader() },
    { path: "docs/plan-format.md", text: generatePlanDoc() },
  ];
}

export default generate;
