import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clone } from "../package/packages.ts";
import { LibraryHost } from "./library-host.ts";

interface Subject {
  readonly unit: string;
  readonly packages: readonly string[];
}

/** What a break-in tries anywhere is in `everywhere.yaml`. */
const cases = (
  name: string,
): string => `# What ${name}.yaml must answer: \`cofferdam test ${name}\`.
must-allow:
  - TODO
must-deny:
  # What it tries here first.
  - TODO
`;

const script = (packages: readonly string[], unit: string, program: string): string =>
  `packages: [${packages.join(", ")}]
unit: ${unit}
program: ${program}
# In bash, before the first start; leave it out if Debian's own configuration is enough.
configure: |
  true
# What a client does and hears; \`work\` says it in words that follow "the daemon".
work: TODO
client: TODO
answer: TODO
# logrotate: /etc/logrotate.d/${unit}
# What the policy does not grant and the daemon does without: names of refusals.yaml, or
# { access: ..., why: ... }
refused: [nscd]
`;

/**
 * Writes the files of a new daemon: the policy is what \`cofferdam protect\` drafts for its unit,
 * which runs with Debian's configuration.
 */
export async function makeSkeleton(
  name: string,
  { unit, packages }: Subject,
  say: (line: string) => void,
): Promise<void> {
  const files = {
    policy: join(clone, "domains", `${name}.yaml`),
    cases: join(clone, "domains/cases", `${name}.yaml`),
    daemon: join(import.meta.dirname, "daemons", `${name}.yaml`),
  };
  const there = Object.values(files).find((file) => existsSync(file));
  if (there !== undefined) throw new Error(`${there} is there already`);
  const host = await LibraryHost.start();
  try {
    host.install(packages);
    host.booted.sh('systemctl daemon-reload; systemctl restart "$1"', unit);
    const { status, out, err } = host.booted.run("cofferdam", "protect", "--print", unit);
    if (status !== 0) throw new Error(`cofferdam protect --print ${unit}: ${out}${err}`);
    const program = /path=(\S+)/.exec(host.booted.show(unit, "ExecStart"))?.[1] ?? "TODO";
    writeFileSync(files.policy, out);
    writeFileSync(files.cases, cases(name));
    writeFileSync(files.daemon, script(packages, unit, program));
  } finally {
    await host.stop();
  }
  for (const file of Object.values(files)) say(`${file}\n`);
  say(`docs/how-to-add-a-domain.md says what to do with them; then npm run library -- ${name}\n`);
}
