import { REDACTED } from "./marker.ts";
import { isSecretName } from "./names.ts";

/** A YAML key whose value is on the lines below. */
const key = /^(\s*(?:- )?)["']?([\w.-]+)["']?[ \t]*:[ \t]*(?:[|>][+-]?\d?)?[ \t]*(?:#.*)?$/;

/**
 * Below a key whose name says that its value is secret, takes out the lines that are indented
 * further and the items of its list. Keeps the number of lines.
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
