import { join } from "node:path";
import { diagnose } from "../../diagnostics/diagnose.ts";
import type { Report } from "../../diagnostics/diagnostic.ts";
import { nearest } from "../../diagnostics/nearest.ts";
import type { PolicySource, Word } from "../1-parse/source.ts";
import { INCLUDES_MAX } from "../limits.ts";
import type { Library } from "./library.ts";
import { parseOnce } from "./parse-once.ts";

/**
 * Everything a policy includes, directly and through others, each abstraction once, in the order of
 * discovery. Missing abstractions, circles, and too many includes are reported.
 */
export function loadIncludes(
  domain: PolicySource,
  folders: readonly string[],
  library: Library,
  report: Report,
): PolicySource[] {
  const loaded = new Map<string, PolicySource | null>();
  let tooMany = false;

  function visit(source: PolicySource, chain: readonly string[]): void {
    for (const word of source.include) {
      const name = word.text;
      if (chain.includes(name)) {
        report(
          diagnose("include-cycle", word.span, {
            chain: [...chain.slice(chain.indexOf(name)), name].join(" -> "),
          }),
        );
        continue;
      }
      if (loaded.has(name)) continue;
      if (loaded.size >= INCLUDES_MAX) {
        if (!tooMany) report(diagnose("too-many-includes", word.span, { limit: INCLUDES_MAX }));
        tooMany = true;
        return;
      }
      const abstraction = loadAbstraction(word, folders, library, report);
      loaded.set(name, abstraction);
      if (abstraction !== null) visit(abstraction, [...chain, name]);
    }
  }

  visit(domain, []);
  return [...loaded.values()].filter((source) => source !== null);
}

function loadAbstraction(
  word: Word,
  folders: readonly string[],
  library: Library,
  report: Report,
): PolicySource | null {
  for (const folder of folders) {
    const file = join(folder, `${word.text}.yaml`);
    const result = library.read(file, word.span, report);
    if (result === "refused") return null;
    if (result !== "absent")
      return parseOnce({ file, bytes: result, kind: "abstraction", name: word.text }, report);
  }
  const near = nearest(
    word.text,
    folders.flatMap((folder) => library.names(folder)),
  );
  report(
    diagnose("include-missing", word.span, { name: word.text, folders: folders.join(", ") }, near),
  );
  return null;
}
