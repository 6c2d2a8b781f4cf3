import { afterAll, describe, expect, test } from "vitest";
import { mayRaise } from "./core-limit.ts";
import { Domain } from "./domain.ts";
import { users } from "./users.ts";

describe.each(users)("for $who", ({ uid }) => {
  const scene = new Domain(uid);
  afterAll(() => scene.close());

  /** Soft and hard limit of core files in a domain with these lines. */
  function limits(rest: string, command: readonly string[] = [], before = "4096:8192"): string {
    scene.writePolicy({ files: ["r /proc/**", "rx /usr/**"], rest });
    const line = [...command, "grep", "Max core file size", "/proc/self/limits"];
    const { out, err } = scene.run(line, { wrap: ["prlimit", `--core=${before}`] });
    return out.trim().split(/ {2,}/).slice(1, 3).join(" ") || err;
  }
  const sets = (limit: string) => ["prlimit", `--core=${limit}`];

  test.each(["", "mediation: supervised\n"])("a crash leaves nothing: %j", (mediation) => {
    expect(limits(mediation)).toBe("1 1");
    expect(limits(mediation, sets("1:1")), "with the old limits asked for, too").not.toBe("4096");
    expect(limits(`${mediation}core-dumps: allowed\n`)).toBe("4096 8192");
  });

  // At 0 the kernel starts the program of a core_pattern with a pipe.
  const raised = uid === 0 && mayRaise() ? "1 1" : "0 0";
  test.each(["", "mediation: supervised\n"])("also where it was 0 before: %j", (mediation) => {
    expect(limits(mediation, [], "0:8192")).toBe("1 1");
    expect(limits(mediation, [], "0:0")).toBe(raised);
  });

  test("at level warning the daemon has the limits that it was started with", () => {
    expect(limits("level: warning\n")).toBe("4096 8192");
    expect(limits("level: warning\n", sets("8192:8192"))).toBe("8192 8192");
  });
});
