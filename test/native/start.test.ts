import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Front, type Who } from "./front.ts";

const front = new Front();
afterAll(() => front.close());

describe.each<Who>(process.geteuid?.() === 0 ? ["self", "nobody"] : ["self"])("as %s", (who) => {
  test("the daemon runs in its domain: what is granted works, what is not does not", () => {
    const plan = front.plan();
    front.put(plan, who);
    const script =
      "cat /etc/hostname >/dev/null && echo granted; cat /var/lib/dpkg/status 2>&1 | tail -1; " +
      "grep -E '^(NoNewPrivs|Seccomp):' /proc/$$/status";
    const result = front.run(who, ["run", plan.domain, "--", "sh", "-c", script]);
    expect(result.stderr).toBe("");
    expect(result.stdout).toContain("granted");
    expect(result.stdout).toContain("Permission denied");
    expect(result.stdout).toMatch(/NoNewPrivs:\t1/);
    expect(result.stdout).toMatch(/Seccomp:\t2/);
    expect(result.status).toBe(0);
  });

  test("the exit status is the daemon's own", () => {
    const plan = front.plan();
    front.put(plan, who);
    expect(front.run(who, ["run", plan.domain, "sh", "-c", "exit 7"]).status).toBe(7);
    expect(front.run(who, ["run", plan.domain, "sh", "-c", "kill -9 $$"]).signal).toBe("SIGKILL");
  });

  test("a plan without a listener: the filter answers by itself", () => {
    const plan = front.plan((base) => ({
      ...base,
      seccomp: base.seccomp && { ...base.seccomp, listener: false },
    }));
    front.put(plan, who);
    const result = front.run(who, ["run", plan.domain, "--", "sh", "-c", "mkdir made; echo $?"]);
    rmSync(join(front.work, "made"), { recursive: true, force: true });
    expect(result.stdout).toBe("1\n");
    expect(existsSync(join(front.work, "made"))).toBe(false);
  });
});
