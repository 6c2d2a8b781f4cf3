import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { root } from "../house/tree.ts";
import { needsRoot } from "../support/skip.ts";
import { PrivateHost } from "../system/private-host.ts";

const front = join(root, "bin/cofferdam");
let host: PrivateHost;
beforeEach(async (context) => {
  needsRoot(context);
  host = await PrivateHost.start();
});
afterEach(async () => await host?.close());

function replace(path: string): void {
  fs.copyFileSync(path, `${path}.new`);
  fs.renameSync(`${path}.new`, path);
}

/** Standard output of a command whose exit status is 1 where something is stale. */
function stale(...options: string[]): string {
  try {
    return host.cofferdam("domain", "stale", ...options);
  } catch (error) {
    const text = error instanceof Error ? error.message : "";
    return text.slice(text.indexOf("\n") + 1);
  }
}

test("an upgrade's replaced program, file and policy are told of the runs before", async () => {
  const folder = fs.mkdtempSync(join(root, "build", "stale-"));
  const [program, file] = [join(folder, "sleeper"), join(folder, "settings")];
  fs.copyFileSync("/usr/bin/sleep", program);
  fs.chmodSync(program, 0o755);
  fs.writeFileSync(file, "");
  const text = `summary: a test
mediation: sealed
include: [base]
files: ["rx ${program}", "r ${file}"]
inherit: [stdio]
syscalls: ["@system-service"]
`;
  host.policy("upgraded", text);
  const [nsenter = "", ...args] = [...host.inside, front, "run", "upgraded", "--", program, "900"];
  const child = spawn(nsenter, args, { stdio: "ignore", cwd: "/" });
  try {
    const exe = `/proc/${child.pid}/exe`;
    await vi.waitFor(() => expect(fs.readlinkSync(exe)).toBe(program), { timeout: 60_000 });
    expect(stale()).toBe("nothing is stale\n");
    replace(program);
    replace(file);
    host.policy("upgraded", `${text}# changed\n`);
    expect(JSON.parse(stale("--json"))).toEqual({
      runs: [
        {
          domain: "upgraded",
          pid: child.pid,
          replacedCode: [program],
          outOfReach: [file, program].sort(),
          changedPolicy: ["/etc/cofferdam/domains/upgraded.yaml"],
        },
      ],
      plans: ["upgraded"],
    });
    expect(stale()).toContain("restart: cofferdam domain restart upgraded\n");
  } finally {
    child.kill("SIGKILL");
    fs.rmSync(folder, { recursive: true });
  }
});
