import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PRIVATE_FILE, PRIVATE_FOLDER } from "../../../src/base/modes.ts";
import { requirePolicy } from "../../../src/cli/require-policy.ts";
import { changing, writeChanged } from "../../../src/cli/suggest/write-lines.ts";
import type { Proposal } from "../../../src/suggest/proposal.ts";
import { Caller } from "../command-line.ts";
import { hearing } from "../hearing.ts";

let caller: Caller;
beforeEach(() => {
  caller = new Caller();
});
afterEach(() => caller.remove());

const POLICY = "# mine\nfiles:\n  - r /srv/nowhere\n";

function given() {
  const file = join(caller.folder, ".config/cofferdam/domains/tool.yaml");
  mkdirSync(dirname(file), { recursive: true, mode: PRIVATE_FOLDER });
  writeFileSync(file, POLICY, { mode: PRIVATE_FILE });
  const { context, ended } = hearing(caller.places);
  const required = requirePolicy(context, "tool", {});
  return { file, context, required, ended, change: changing(context, required, POLICY) };
}

function line(text: string): Proposal {
  return { section: "files", line: text, because: null, needs: [], wider: 0 };
}

test("check tells what is new about the file, and not what was wrong before", () => {
  const { change } = given();
  expect(change([line("r /usr/share/**")]).diagnostics).toEqual([]);
  const { diagnostics } = change([line("r /srv/absent")]);
  expect(diagnostics).toMatchObject([{ message: "`/srv/absent` does not exist on this host" }]);
});

test("a file in which check finds an error is not written", () => {
  const { file, context, required, ended, change } = given();
  const write = () => writeChanged(context, required, POLICY, change([line("q /srv/x")]));
  expect(write).toThrow("`check` refuses the policy with these lines: nothing was written");
  expect(ended(null).err).toContain("tool.yaml:4");
  expect(readFileSync(file, "utf8")).toBe(POLICY);
});
