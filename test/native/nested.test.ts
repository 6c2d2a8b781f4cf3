import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Plan } from "../../src/plan/plan.ts";
import { Front, type Who } from "./front.ts";

const front = new Front();
afterAll(() => front.close());

/**
 * LANDLOCK_ACCESS_FS_* of linux/landlock.h: execute, read files, read directories; read one file.
 */
const RX = 0b1101n;
const READ_FILE = 0b100n;

/** Read the folder; make symbolic links in it and remove them: the record of a run. */
const RECORDS = 0b1_0000_0010_1000n;
const runs = (who: Who) => ({
  path: join(front.runtimeOf(who), "cofferdam/runs"),
  directory: true,
  rights: RECORDS,
});

/**
 * A domain from which the front and one other domain's plan can be reached, as no compiled one can.
 */
function around(inner: string, who: Who): Plan {
  const first = front.plan();
  front.put(first, who);
  // Makes the folder of runs.
  front.run(who, ["run", first.domain, "--", "true"]);
  const plan = front.plan((base) => ({
    ...base,
    landlock: base.landlock && {
      ...base.landlock,
      paths: [
        ...base.landlock.paths,
        { path: front.binary, directory: false, rights: RX & ~0b1000n },
        { path: inner, directory: false, rights: READ_FILE },
        runs(who),
      ],
    },
  }));
  front.put(plan, who);
  return plan;
}

describe.each<Who>(process.geteuid?.() === 0 ? ["self", "nobody"] : ["self"])(
  "run inside a domain, as %s",
  (who) => {
    test("the kernel allows no second listener: refused, with the reason and what to do", () => {
      const plan = front.plan();
      const outer = around(front.put(plan, who), who);
      const inside = [front.binary, "run", plan.domain, "--", "echo", "inside"];
      const result = front.run(who, [
        "run",
        outer.domain,
        "--",
        "sh",
        "-c",
        'echo outside; "$@"; echo $?',
        "sh",
        ...inside,
      ]);
      expect(result.stdout).toBe("outside\n125\n");
      expect(result.stderr).toMatch(
        /^cofferdam: install the seccomp filter: EBUSY.*\n {2}help: this process is in another domain, whose filter has a listener.*start/,
      );
    });

    test("without a listener of its own the inner domain narrows the outer one", () => {
      const plan = front.plan((base) => ({
        ...base,
        seccomp: base.seccomp && { ...base.seccomp, listener: false },
      }));
      const path = front.put(plan, who);
      const outer = around(path, who);
      const inside = [
        front.binary,
        "run",
        plan.domain,
        "--",
        "sh",
        "-c",
        `echo inside; cat ${path}`,
      ];
      const result = front.run(who, ["run", outer.domain, "--", ...inside]);
      expect(result.stdout).toBe("inside\n");
      expect(result.stderr).toMatch(/Permission denied/);
    });

    test("a domain that does not reach plans is told why none is found", () => {
      const plan = front.plan();
      front.put(plan, who);
      const outer = around("/etc/hostname", who);
      const result = front.run(who, [
        "run",
        outer.domain,
        "--",
        front.binary,
        "run",
        plan.domain,
        "--",
        "true",
      ]);
      expect(result.status).toBe(125);
      expect(result.stderr).toMatch(
        /open the plan: .*EACCES.*\n {2}help: domains have no access to plans: start this from outside/,
      );
    });
  },
);
