import { generateControlApiDoc } from "../../src/agent/api/generate-doc.ts";

/** The reference of the agent's control API. */
export function generate(): Array<{ path: string; text: string }> {
  return [{ path: "docs/control-api.md", text: generateControlApiDoc() }];
}

export default generate;
