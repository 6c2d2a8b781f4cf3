import { REDACTED } from "./marker.ts";
import { isSecretName } from "./names.ts";

/** A key of YAML whose value is what stands below it. */
const key = /^(\s*(?:- )?)["']?([\w.-]+)["']?[ \t]*:[ \t]*(?:[|>][+-]?\d?)?[ \t]*(?:#.*)?$/;

/**
 * Lines below a key that says its value is secret, as far as they are indented further, or are
 * items of its list. As many lines as before.
 */
export function redactBlocks(lines: readonly string[]): readonly string[] {
  let above: number | null = null;
  return lines.map((line) => {
    const indent = line.search(/\S/);
    if (
      above !== null &&
      (indent < 0 || indent > above || (indent === above && /^\s*-\s/.test(line)))
    )
      return indent < 0 ? line : `${line.slice(0, indent)}${REDACTED}`;
    const [, lead = "", name = ""] = key.exec(line) ?? [];
    above = name !== "" && isSecretName(name) ? lead.length : null;
    return line;
  });
}
