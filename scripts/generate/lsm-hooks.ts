import { generateHooksDoc } from "../../src/kernel/bpf/lsm/generate-hooks-doc.ts";

export function generate(): Array<{ path: string; text: string }> {
  return [{ path: "docs/lsm-hooks.md", text: generateHooksDoc() }];
}

export default generate;
