import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { compileHelper, Front } from "./front.ts";

const front = new Front();
afterAll(() => front.close());
const shower = join(front.work, "show-state");
compileHelper("show-state.c", shower);

/** How a caller can leave a process: shell text in front of `exec`, or arguments of env(1). */
const settings: Readonly<Record<string, readonly string[]>> = {
  "as it comes": ["env"],
  "SIGPIPE ignored": ["env", "--ignore-signal=PIPE"],
  "SIGCHLD ignored": ["env", "--ignore-signal=CHLD"],
  "SIGPIPE and SIGXFSZ default": ["env", "--default-signal=PIPE", "--default-signal=XFSZ"],
  "signals blocked": ["env", "--block-signal=USR1", "--block-signal=TERM", "--block-signal=CHLD"],
  "256 descriptors": ["sh", "-c", 'ulimit -Sn 256; exec "$@"', "sh"],
  "other limits": ["sh", "-c", 'ulimit -c 0; ulimit -s 4096; ulimit -f 4096; exec "$@"', "sh"],
  umask: ["sh", "-c", 'umask 0137; exec "$@"', "sh"],
  nice: ["nice", "-n", "7"],
  "own session": ["setsid", "-w"],
  "non-blocking pipes": ["python3", "-c", nonBlocking(), "--"],
};

function nonBlocking(): string {
  return [
    "import os,sys",
    "r,w=os.pipe()",
    "os.set_blocking(r,False)",
    "os.dup2(r,0)",
    "os.execvp(sys.argv[2],sys.argv[2:])",
  ].join("\n");
}

test.each(Object.entries(settings))(
  "%s: the daemon finds everything as its caller left it",
  (_, wrapper) => {
    const plan = front.plan();
    front.put(plan);
    const direct = front.runWith([...wrapper, shower]);
    expect(direct).toMatch(/signals ignored/);
    expect(front.runWith([...wrapper, front.binary, "run", plan.domain, shower])).toBe(direct);
    rmSync(front.planPath(plan.domain));
    front.next(front.bytes(plan));
    expect(
      front.runWith([...wrapper, front.binary, "run", plan.domain, shower]),
      "after compiling",
    ).toBe(direct);
  },
);

test("the process id is kept", () => {
  const plan = front.plan();
  front.put(plan);
  const text = front.runWith([
    "sh",
    "-c",
    'echo $$; exec "$@"',
    "sh",
    front.binary,
    "run",
    plan.domain,
    "sh",
    "-c",
    "echo $$",
  ]);
  const [before, after] = text.split("\n");
  expect(before).toBe(after);
});

test("the environment is the caller's", () => {
  const plan = front.plan();
  front.put(plan);
  const given = ["PATH=/usr/bin:/bin", "LD_X=1", "A=b", ...front.environment("self")];
  const text = front.runWith(["env", "-i", ...given, front.binary, "run", plan.domain, "env"]);
  expect(text.trim().split("\n").sort()).toEqual(given.sort());
});
