import { join } from "node:path";
import { expect, test } from "vitest";
import { vocabulary } from "../../src/host/load.ts";
import {
  changeExceptionRules,
  exceptionRules,
  exceptionSections,
} from "../../src/model/exception-rules.ts";
import type { Policy, Source } from "../../src/model/policy.ts";
import { loadPolicy } from "../../src/policy/load.ts";
import { scratchFolder } from "../support/scratch.ts";

/** A line of the text for each section, with every kind of rule that it may hold. */
const SECTIONS: Readonly<Record<(typeof exceptionSections)[number], string>> = {
  files: "files: [rw /srv/a, deny r /srv/b]",
  network: "network: [connect tcp 80, listen unix /run/a, netlink route, raw icmp, packet, vsock]",
  signals: "signals: [any]",
};

test("every rule of the sections that may hold exceptions can end, and no other", () => {
  const lines = exceptionSections.map((section) => SECTIONS[section]);
  // What every domain has without a line stands at the first.
  const isWritten = ({ source: { line } }: { readonly source: Source }) =>
    1 < line && line <= 1 + lines.length;
  const text = `summary: web\n${lines.join("\n")}\nsyscalls: [read]\nmemory: [jit]\n`;
  const file = join(scratchFolder("exception-rules"), "web.yaml");
  const { policy, diagnostics } = loadPolicy(file, { vocabulary: vocabulary(), text });
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  const written = rulesOf(policy as Policy).filter(isWritten);
  expect(written.length).toBeGreaterThanOrEqual(8);
  const found = exceptionRules(policy as Policy);
  for (const rule of written) expect(found, rule.source.text).toContain(rule);
  expect(found).toHaveLength(written.length);
  const left = changeExceptionRules(policy as Policy, () => []);
  expect(rulesOf(left).filter(isWritten)).toEqual([]);
});

function rulesOf(policy: Policy): readonly { readonly source: Source }[] {
  return Object.values(policy)
    .flatMap((member) => (Array.isArray(member) ? member : []))
    .filter(
      (one) => typeof one === "object" && one !== null && "source" in one && one.source.line > 0,
    )
    .filter(({ source }) => source.file.endsWith("web.yaml"));
}
