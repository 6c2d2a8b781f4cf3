import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { unlessGone } from "../../src/kernel/unless-gone.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { compileHelper, Front, type Who } from "./front.ts";

const front = new Front();
const daemon = join(front.work, "daemon");
compileHelper("attended-daemon.c", daemon);
afterAll(() => front.close());
/**
 * A group of its own with a parent in another one: the kernel lets SIGTSTP stop nobody in an
 * orphaned group, and that of this test may be one.
 */
const OWN_GROUP = "setpgrp(0, 0); exec @ARGV or die";
/** Until processes follow an event, in milliseconds. */
const SETTLE_MS = 60_000;

/** How often a daemon is stopped and continued, in turn by whom and by what. */
const ROUNDS = 50;
const ROUNDS_OF = [
  ["front", "SIGTSTP"],
  ["daemon", "SIGSTOP"],
] as const;

/** Those of a test that failed would stay for ever, and their daemons with them. */
const fronts: ChildProcess[] = [];
afterEach(() => {
  for (const one of fronts.splice(0)) one.kill("SIGKILL");
});
beforeEach(() => {
  rmSync(join(front.work, "made"), { recursive: true, force: true });
  front.setDist("mediator.rule", "continue");
  front.takeLog("mediator.log");
});

interface Run {
  readonly front: ChildProcess;
  readonly output: () => string;
  readonly errors: () => string;
  readonly over: Promise<unknown>;
}

function start(
  script: string,
  who: Who = "self",
  change: (plan: Plan) => Plan = (plan) => plan,
): Run {
  const plan = front.plan((base) => change({ ...base, attended: true }));
  front.put(plan, who);
  return launch(who, ["run", plan.domain, "--", "sh", "-c", script]);
}

function launch(who: Who, words: readonly string[]): Run {
  const line = front.line(who, words);
  const process = spawn("perl", ["-e", OWN_GROUP, ...line], {
    cwd: front.work,
    stdio: ["pipe", "pipe", "pipe"],
  });
  fronts.push(process);
  const texts = ["", ""];
  process.stdout?.on("data", (data) => {
    texts[0] += data;
  });
  process.stderr?.on("data", (data) => {
    texts[1] += data;
  });
  return {
    front: process,
    output: () => texts[0] ?? "",
    errors: () => texts[1] ?? "",
    over: once(process, "close"),
  };
}

async function until(what: () => boolean): Promise<void> {
  for (const end = Date.now() + SETTLE_MS; !what(); ) {
    if (Date.now() > end) throw new Error(`not within ${SETTLE_MS} ms: ${what}`);
    await sleep(10);
  }
}

interface End {
  readonly code: number | null;
  readonly signal: string | null;
}

async function ended(run: Run): Promise<End> {
  await run.over;
  return { code: run.front.exitCode, signal: run.front.signalCode };
}

function hasExited({ front }: Run): boolean {
  return front.exitCode !== null || front.signalCode !== null;
}

/** Other processes may still hold the front's output. */
async function exited(run: Run): Promise<End> {
  await until(() => hasExited(run));
  return { code: run.front.exitCode, signal: run.front.signalCode };
}

/** With which terminals, users and service managers end programs. */
const ending = ["SIGHUP", "SIGINT", "SIGTERM"] as const;

/** Process ids that the script printed first. */
async function daemonOf(run: Run): Promise<number> {
  await until(() => /^\d+\n/.test(run.output()));
  return Number.parseInt(run.output(), 10);
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

function nameOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
}

/** Of a process that is gone: X, as of one that is about to go (proc_pid_status(5)). */
function stateOf(pid: number): string {
  const status = unlessGone(() => readFileSync(`/proc/${pid}/status`, "utf8"));
  return status === null ? "X" : (/^State:\s+(\S)/m.exec(status)?.[1] ?? "");
}

/**
 * A shell's job control, in small: starts a job on a new terminal, and does what its first argument
 * says.
 */
const shell = `
import os, pty, signal, sys
child, master = pty.fork()
if child:
    text, pressed = b"", 0
    while True:
        try: got = os.read(master, 4096)
        except OSError: break
        if not got: break
        text += got
        if sys.argv[1] == "interrupt" and text.count(b"\\n") == 2 and pressed == 0:
            pressed = os.write(master, b"\\x03")
        if pressed == 1 and b"^C" in text:
            pressed = 2
            os.kill(int(text.split()[1]), signal.SIGUSR1)
    os.waitpid(child, 0)
    sys.stdout.write(text.decode().replace("\\r\\n", "\\n"))
    sys.exit(0)
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
job = os.fork()
if job == 0:
    os.setpgid(0, 0)
    print("job", os.getpid(), flush=True)
    os.tcsetpgrp(0, os.getpgrp())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execvp(sys.argv[2], sys.argv[2:])
if sys.argv[1] == "group":
    _, status = os.waitpid(job, os.WUNTRACED)
    print("stopped", os.WIFSTOPPED(status), flush=True)
    os.tcsetpgrp(0, os.getpgrp())
    os.tcsetpgrp(0, job)
    os.killpg(job, signal.SIGCONT)
_, status = os.waitpid(job, 0)
print("ended", status, flush=True)
`;

function onTerminal(what: string): string {
  const plan = front.plan((base) => ({
    ...base,
    attended: true,
    landlock: base.landlock && {
      ...base.landlock,
      paths: [...base.landlock.paths, { path: "/dev/tty", directory: false, rights: 0x8006n }],
    },
  }));
  front.put(plan);
  return front.runWith([
    "python3",
    "-c",
    shell,
    what,
    front.binary,
    "run",
    plan.domain,
    "--",
    daemon,
    what,
  ]);
}

/** System call numbers of x86_64, with an errno; constants of linux/prctl.h and linux/sched.h. */
const failures: readonly (readonly [
  string,
  readonly [number, number, (readonly [number, number])?],
  RegExp,
])[] = [
  ["socketpair", [53, 24], /attend the run: EMFILE/],
  ["the reaper of orphans", [157, 22, [0, 36]], /attend the run: EINVAL/],
  ["every clone", [56, 11], /attend the run: clone: EAGAIN[\s\S]*ulimit -u/],
  ["the daemon's clone", [56, 11, [0, 0x1411]], /attend the run: clone: EAGAIN/],
  ["signalfd", [289, 24], /attend the run: signalfd: EMFILE/],
  ["the first pidfd", [434, 24], /start the holder: pidfd_open: EMFILE/],
  ["a step of the launcher", [444, 95, [2, 0]], /create the Landlock ruleset: EOPNOTSUPP/],
];

describe.each<Who>(process.geteuid?.() === 0 ? ["self", "nobody"] : ["self"])(
  "attended, as %s",
  (who) => {
    test("the mediator is an ancestor of the daemon and its orphans, and sums up", async () => {
      const run = start(
        "echo $$; (sleep 0.2; mkdir made; echo made) & mkdir first; read _; exit 5",
        who,
      );
      const pid = await daemonOf(run);
      await until(() => run.output().includes("made"));
      const holder = parentOf(pid);
      const mediator = parentOf(holder);
      expect(nameOf(holder)).toBe("(cofferdam)");
      expect(front.takeLog("mediator.log")[0]).toMatch(new RegExp(`start pid ${mediator} `));
      expect(parentOf(mediator)).toBe(run.front.pid);
      run.front.stdin?.end("\n");
      expect(await ended(run)).toEqual({ code: 5, signal: null });
      expect(run.errors()).toBe("summary\n");
      for (const pid of [holder, mediator]) expect(existsSync(`/proc/${pid}`)).toBe(false);
      rmSync(join(front.work, "first"), { recursive: true, force: true });
    });

    test("the exit status and the death by a signal are the daemon's", async () => {
      expect(await ended(start("exit 7", who))).toEqual({ code: 7, signal: null });
      expect(await ended(start("kill -SEGV $$", who))).toEqual({ code: null, signal: "SIGSEGV" });
      expect(await ended(start("kill -KILL $$", who))).toEqual({ code: null, signal: "SIGKILL" });
    });

    test("signals reach the daemon, its disposition and mask are its caller's", async () => {
      const script =
        "echo $$; trap 'echo hup' HUP; trap 'echo usr' USR1; trap 'echo term; exit 3' TERM; " +
        "grep -E '^Sig(Blk|Ign)' /proc/self/status; while :; do sleep 0.05; done";
      const run = start(script, who);
      await until(() => run.output().includes("SigIgn"));
      expect(run.output()).toMatch(/SigBlk:\t0{16}/);
      for (const [signal, text] of [
        ["SIGHUP", "hup"],
        ["SIGUSR1", "usr"],
        ["SIGTERM", "term"],
      ] as const) {
        run.front.kill(signal);
        await until(() => run.output().includes(text));
      }
      expect(await ended(run)).toEqual({ code: 3, signal: null });
    });

    test("a signal with a value arrives with it", async () => {
      const run = start(`exec ${daemon} value`, who);
      await daemonOf(run);
      execFileSync("kill", ["-q", "4711", "-s", "RTMIN", `${run.front.pid}`], { shell: false });
      await run.over;
      expect(run.output()).toContain("\nvalue 4711\n");
    });

    test("a daemon that stops, continues or ends takes the front along", async () => {
      const run = start("echo $$; while :; do sleep 0.05; done", who);
      const pid = await daemonOf(run);
      const stand = run.front.pid as number;
      process.kill(pid, "SIGSTOP");
      await until(() => stateOf(stand) === "T");
      process.kill(stand, "SIGCONT");
      await until(() => stateOf(pid) !== "T" && stateOf(stand) !== "T");
      process.kill(stand, "SIGTSTP");
      await until(() => stateOf(pid) === "T" && stateOf(stand) === "T");
      process.kill(pid, "SIGKILL");
      expect(await ended(run)).toEqual({ code: null, signal: "SIGKILL" });
    });

    test("stopped and continued over and over, both go on; the daemon sees each once", async () => {
      const run = start(`exec ${daemon} continue`, who);
      const pid = await daemonOf(run);
      const front = run.front.pid as number;
      await until(() => run.output().includes("ready"));
      for (let round = 1; round <= ROUNDS; round++) {
        const [stopped, stop] = ROUNDS_OF[round % ROUNDS_OF.length] as (typeof ROUNDS_OF)[number];
        const whom = stopped === "front" ? front : pid;
        process.kill(whom, stop);
        await until(() => stateOf(pid) === "T" && stateOf(front) === "T");
        process.kill(whom, "SIGCONT");
        await until(() => stateOf(pid) !== "T" && stateOf(front) !== "T");
        // A stop would take the continuation away from a daemon that has not heard of it yet.
        await until(() => run.output().includes(`continuations ${round}\n`));
      }
      process.kill(front, "SIGUSR1");
      expect(await ended(run)).toEqual({ code: 0, signal: null });
      expect(run.output().match(/continuations/g)).toHaveLength(ROUNDS);
    });

    test("the front ends after the last process of the domain", async () => {
      const run = start("(sleep 0.5; mkdir made) >/dev/null 2>&1 </dev/null & exit 4", who);
      expect(await ended(run)).toEqual({ code: 4, signal: null });
      expect(existsSync(join(front.work, "made"))).toBe(true);
    });

    test.each(ending)("%s while the plan is made ends the start", async (signal) => {
      const { domain } = front.plan();
      front.setDist("compile.wait", "");
      const run = launch(who, ["run", domain, "--", "true"]);
      await until(() => existsSync(join(front.dist, "compile.log")));
      run.front.kill(signal);
      const how = await exited(run);
      rmSync(join(front.dist, "compile.wait"));
      front.takeLog("compile.log");
      expect(how).toEqual({ code: null, signal });
      await run.over;
    });

    test.each(ending)("%s ends a daemon that does not care, and then the front", async (signal) => {
      const run = start("echo $$; read _", who);
      await daemonOf(run);
      run.front.kill(signal);
      expect(await ended(run)).toEqual({ code: null, signal });
    });

    test("a daemon that ignores SIGTERM goes on, and so does the front", async () => {
      const run = start("trap '' TERM; trap 'echo usr' USR1; echo $$; read _; read _", who);
      const pid = await daemonOf(run);
      run.front.kill("SIGTERM");
      run.front.kill("SIGUSR1");
      await until(() => run.output().includes("usr"));
      expect([stateOf(pid), run.front.exitCode, run.front.signalCode]).not.toContain("X");
      process.kill(pid, "SIGKILL");
      expect(await ended(run)).toEqual({ code: null, signal: "SIGKILL" });
    });

    test.each(ending)(
      "%s ends a front whose daemon left processes, which go on",
      async (signal) => {
        const run = start(
          "exec 3<&0; echo $$; (read _ <&3; mkdir made) >/dev/null 2>&1 & exit 4",
          who,
        );
        const pid = await daemonOf(run);
        await until(() => stateOf(pid) === "X");
        // One that comes while the holder learns of the daemon's end goes to the daemon.
        await until(() => {
          run.front.kill(signal);
          return hasExited(run);
        });
        expect(await exited(run)).toEqual({ code: 4, signal: null });
        run.front.stdin?.end("\n");
        await until(() => existsSync(join(front.work, "made")));
      },
    );

    test("a mediator that died has no successor: EIO, then everything is denied", async () => {
      front.setDist("mediator.rule", "die-received");
      const run = start("mkdir a 2>&1; mkdir b 2>&1; exit 0", who);
      expect(await ended(run)).toEqual({ code: 0, signal: null });
      expect(run.output()).toMatch(/Input\/output error\n.*Permission denied\n$/);
      expect(front.takeLog("mediator.log").filter((line) => line.startsWith("start"))).toHaveLength(
        1,
      );
    });

    test("a front that is killed takes the daemon with it", async () => {
      const run = start("echo $$; while :; do sleep 0.05; done", who);
      const pid = await daemonOf(run);
      const holder = parentOf(pid);
      run.front.kill("SIGKILL");
      await until(() => !existsSync(`/proc/${pid}`) && !existsSync(`/proc/${holder}`));
    });

    test("a killed holder leaves refused calls and the daemon's own exit status", async () => {
      const run = start("echo $$; read _; mkdir made 2>/dev/null; exit 6", who);
      const holder = parentOf(await daemonOf(run));
      process.kill(holder, "SIGKILL");
      await until(() => /[XZ]/.test(stateOf(holder)));
      run.front.stdin?.end("\n");
      expect(await ended(run)).toEqual({ code: 6, signal: null });
      expect(existsSync(join(front.work, "made"))).toBe(false);
    });

    test.each(failures)("%s fails: refused, and no process is left", (_, call, message) => {
      const plan = front.plan((base) => ({ ...base, attended: true }));
      front.put(plan, who);
      const result = front.run(who, ["run", plan.domain, "--", "echo", "ran"], {
        wrapper: front.failing(...call),
      });
      expect(result.stderr).toMatch(message);
      expect([result.status, result.stdout]).toEqual([125, ""]);
      // Its descriptors are closed: no process of the run holds them.
      expect(front.takeLog("mediator.log")).toEqual([]);
    });
  },
);

test("a plan without a listener is attended as well", async () => {
  const change = (plan: Plan): Plan => ({
    ...plan,
    seccomp: plan.seccomp && { ...plan.seccomp, listener: false },
  });
  const run = start("mkdir made; echo $$; exit 9", "self", change);
  expect(await ended(run)).toEqual({ code: 9, signal: null });
  expect(existsSync(join(front.work, "made"))).toBe(false);
  const long = start(
    "(sleep 0.3; echo late > late) >/dev/null 2>&1 </dev/null & exit 8",
    "self",
    change,
  );
  expect(await ended(long)).toEqual({ code: 8, signal: null });
  expect(existsSync(join(front.work, "late"))).toBe(true);
});

test("sockets of socket activation are the daemon's, under its process id", async () => {
  const plan = front.plan((base) => ({
    ...base,
    attended: true,
    inherit: { ...base.inherit, listen: true },
  }));
  front.put(plan);
  const python = [
    "import os,socket,sys",
    "s=socket.socket(); s.bind(('127.0.0.1',0)); s.listen()",
    "os.dup2(s.fileno(),3); os.set_inheritable(3,True)",
    "os.environ.update(LISTEN_FDS='1',LISTEN_PID=str(os.getpid()),LISTEN_PIDFDID='1')",
    "os.execv(sys.argv[1],sys.argv[1:])",
  ].join(";");
  const script =
    'test "$LISTEN_PID" = $$ && echo own $LISTEN_FDS $LISTEN_PIDFDID; ' +
    "test -S /proc/self/fd/3 && echo there";
  const result = front.run("self", ["run", plan.domain, "--", "sh", "-c", script], {
    wrapper: ["python3", "-c", python],
  });
  expect(result.stdout).toBe("own 1\nthere\n");
});

test("a daemon with a process group of its own gets the terminal back when it goes on", () => {
  expect(onTerminal("group")).toMatch(/^job \d+\n\d+\nstopped True\nforeground 1\nended 0\n$/);
});

test("what the terminal sends to all is not sent twice", () => {
  expect(onTerminal("interrupt")).toMatch(/^job \d+\n\d+\n\^Cinterrupts 1\nended 0\n$/);
});
