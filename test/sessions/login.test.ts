import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { domainOfProcess } from "../../src/domains/membership.ts";
import { readProcStat } from "../../src/domains/proc-stat.ts";
import { SPARE_ATTENDANTS, STOCK_AFTER_MS } from "../../src/sessions/limits.ts";
import { root } from "../house/tree.ts";
import { skipUnless } from "../support/skip.ts";
import { ada, bob, canHaveHost, SessionHost, said } from "./session-host.ts";

const client = join(root, "bin", "cofferdam-login");
const FIRST_START_MS = 60_000;

let host: SessionHost;
beforeAll(async () => {
  if (canHaveHost()) host = await SessionHost.start(root);
}, FIRST_START_MS);
afterAll(() => host?.stop());
beforeEach((context) => skipUnless(context, canHaveHost(), "a host of one's own takes root"));

const login = (command: string, user = ada, env = {}) =>
  host.run([client, "-c", command], user, "", env);

test(
  "a shell is the user's own, at home in the exchange folder",
  () => {
    const { status, out, err } = login(
      'id; pwd; echo "$HOME $USER $LOGNAME"; umask; ulimit -n',
      ada,
      {
        HOME: "/",
        LOGNAME: "bob",
      },
    );
    expect(err).toBe("");
    const home = "/var/spool/cofferdam/ada";
    expect(out).toBe(
      `uid=61001(ada) gid=61001(ada) groups=61001(ada)\n${home}\n${home} ada ada\n0022\n` +
        `${limitHere()}\n`,
    );
    expect(status).toBe(0);
  },
  FIRST_START_MS,
);

function limitHere(): string {
  return /Max open files +(\d+)/.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? "";
}

test("it is in domain shell, in its own session, and ends with its client", async () => {
  const command =
    "trap 'echo hung up; exit 3' HUP; echo $$; while :; do read -t 1000 <&2 || :; done";
  const shell = host.spawn(["choom", "-n", "321", "--", client, "-c", command], ada);
  const pid = await new Promise<number>((resolve) =>
    shell.stdout?.once("data", (text) => resolve(Number(text))),
  );
  expect(domainOfProcess(pid)).toMatchObject({ domain: "shell" });
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  expect([stat[2], stat[3]]).toEqual([String(pid), String(pid)]);
  expect(readFileSync(`/proc/${pid}/oom_score_adj`, "utf8")).toBe("321\n");
  const heard = said(shell, "hung up");
  shell.kill("SIGKILL");
  await heard;
});

test("the exit status is the command's, and a signal's is 128 more", () => {
  expect(login("exit 7").status).toBe(7);
  expect(login("kill -TERM $$").status).toBe(143);
  expect(login("/nowhere").status).toBe(127);
});

test("a signal to the client reaches the shell's group", async () => {
  const shell = host.spawn(
    [
      client,
      "-c",
      "trap 'echo usr1; exit 5' USR1; echo ready; while :; do read -t 1000 <&2 || :; done",
    ],
    ada,
  );
  await said(shell, "ready");
  const ended = new Promise((resolve) => shell.once("close", resolve));
  shell.kill("SIGUSR1");
  expect(await ended).toBe(5);
});

test("what is out of reach fails, and the client says what this is", () => {
  const { status, err } = login("/usr/bin/who");
  expect(status).toBe(126);
  expect(err).toContain("Permission denied");
  expect(err).toContain("this is the sandboxed shell");
  expect(login("cat /etc/shadow").err).toContain("Permission denied");
});

test("of the client's environment only terminal, language and connection are kept", () => {
  const wanted = { TERM: "vt100", LC_TIME: "C", SSH_CLIENT: "192.0.2.1 5 22" };
  const unwanted = {
    LD_PRELOAD: "/x",
    BASH_ENV: "/x",
    NODE_OPTIONS: "--x",
    PATH: "/x:/usr/bin:/bin",
    ENV: "/x",
    SSH_AUTH_SOCK: "/run/x",
  };
  const { out } = login("export -p", ada, { ...wanted, ...unwanted });
  expect(out).toContain('LC_TIME="C"');
  expect(out).toContain('SSH_CLIENT="192.0.2.1 5 22"');
  expect(out).toContain('TERM="vt100"');
  for (const name of Object.keys(unwanted).filter((name) => name !== "PATH"))
    expect(out).not.toContain(` ${name}=`);
  expect(out).toContain(`PATH="${join(root, "shell")}:/usr/bin:/bin"`);
});

test("an ssh login with an unknown key is refused: it may be for one command", () => {
  const { status, err } = login("true", ada, { SSH_CONNECTION: "192.0.2.1 5 192.0.2.2 22" });
  expect(status).toBe(125);
  expect(err).toContain("sshd does not say how you have logged in");
});

test(
  "who has a file of keys that never ends holds up nobody else",
  async () => {
    expect(login("true", bob).status).toBe(0);
    const told = `/tmp/sshauth.${process.pid}`;
    host.run(["mkfifo", told], ada);
    try {
      const waits = [`SSH_CONNECTION=x`, `SSH_USER_AUTH=${told}`, client, "-c", "echo in"];
      const held = host.spawn(["env", ...waits], ada);
      const ended = once(held, "close");
      // To open it takes a reader: from there on the server waits for what is written, and that
      // waits for another's login.
      const other =
        `exec 3>${told}; setpriv --reuid bob --regid bob --init-groups ${client} ` +
        "-c 'echo bob' && echo password >&3";
      expect(host.run(["sh", "-c", other])).toMatchObject({ status: 0, out: "bob\n" });
      expect(await ended).toEqual([0, null]);
    } finally {
      rmSync(told, { force: true });
    }
  },
  FIRST_START_MS,
);

test("a terminal becomes the shell's own, with job control; a shared one is refused", () => {
  const typed =
    "tty_of() { [[ -t 0 ]] && echo is a terminal; }; tty_of; set -o | grep -q x; kill -l " +
    "TERM; jobs; echo $-; exit 4\n";
  const own = host.run(["script", "-qec", `exec ${client}`, "/dev/null"], ada, typed);
  expect(own.out).toContain("is a terminal");
  expect(own.out).not.toContain("no job control");
  expect(own.status).toBe(4);
  const shared = host.run(["script", "-qec", `${client}; echo then $?`, "/dev/null"], ada, "");
  expect(shared.out).toContain("a shell takes the terminal of a whole session");
  expect(shared.out).toContain("then 125");
});

test("a process in a domain or with no_new_privs gets none", () => {
  expect(host.run(["setpriv", "--no-new-privs", client, "-c", "echo in"], ada)).toMatchObject({
    status: 125,
    out: "",
  });
  expect(login(`${client} -c 'echo in'`)).toMatchObject({ out: "" });
});

test(
  "two users' shells are at home in folders of which neither has the other's",
  () => {
    expect(login("echo secret >mine; cat mine").out).toBe("secret\n");
    expect(login("cat /var/spool/cofferdam/ada/mine", bob)).toMatchObject({ status: 1, out: "" });
  },
  FIRST_START_MS,
);

test("a mount on the exchange folder is not entered: no shell, and a reason", () => {
  const folder = "/var/spool/cofferdam/ada";
  expect(login(":").status).toBe(0);
  expect(host.run(["mount", "-t", "tmpfs", "-o", `uid=${ada.uid}`, "none", folder]).status).toBe(0);
  try {
    expect(login("echo in")).toMatchObject({
      status: 125,
      err: expect.stringContaining("unmount or remove what is"),
    });
  } finally {
    host.run(["umount", folder]);
  }
});

test("a server that was told to end lets another one begin, and its shells continue", async () => {
  const shell = host.spawn([client, "-c", "echo here; read -r word; echo $word"], ada);
  await said(shell, "here");
  await host.replaceServer();
  expect(login("echo in").out).toBe("in\n");
  const heard = said(shell, "still");
  shell.stdin?.write("still\n");
  await heard;
});

test("if the session server is killed, its shells continue without clients", async () => {
  const shell = host.spawn([client, "-c", "echo here; read -r || echo goes on"], ada);
  await said(shell, "here");
  // Its input ends with its client.
  const goesOn = said(shell, "goes on");
  const ended = once(shell, "exit");
  await host.killServer();
  expect(await ended).toEqual([125, null]);
  await goesOn;
  await host.startServer();
  expect(login("echo again").out).toBe("again\n");
});

test("without free descriptors no connection is accepted, without a busy loop", async () => {
  const spare = (): readonly number[] =>
    readFileSync(`/proc/${host.serverPid}/task/${host.serverPid}/children`, "utf8")
      .split(" ")
      .filter(Boolean)
      .map(Number);
  const limit = (soft: number): void => {
    for (const pid of spare()) execFileSync("prlimit", ["--pid", String(pid), `--nofile=${soft}:`]);
  };
  const ticks = (): number =>
    spare().reduce((sum, pid) => sum + (readProcStat(pid)?.ticks ?? 0), 0);
  // One that were made later, in the place of the last client's, would have descriptors.
  let seen = "";
  const isFull = (): boolean => {
    const last = seen;
    seen = spare().join(" ");
    return seen === last && spare().length === SPARE_ATTENDANTS;
  };
  await expect.poll(isFull, { interval: 2 * STOCK_AFTER_MS }).toBe(true);
  // Descriptors 0 to 7 are its own.
  limit(8);
  const before = ticks();
  const waiting = host.spawn([client, "-c", "echo taken"], ada);
  let isTaken = false;
  const taken = said(waiting, "taken").then(() => {
    isTaken = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(isTaken).toBe(false);
  expect(ticks() - before).toBeLessThan(10);
  limit(1_024);
  await taken;
});
