import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { root } from "../house/tree.ts";
import { compileC } from "../support/compile-c.ts";
import { skipUnless } from "../support/skip.ts";
import { ada, bob, canHaveHost, carol, SessionHost, said, type TestUser } from "./session-host.ts";

const client = join(root, "bin", "cofferdam-login");
const supershell = join(root, "shell", "supershell");
const FIRST_START_MS = 60_000;
const LOADER = "/lib64/ld-linux-x86-64.so.2";

let host: SessionHost;
beforeAll(async () => {
  if (!canHaveHost()) return;
  host = await SessionHost.start(root);
  for (const user of [undefined, ada, carol]) host.run([client, "-c", ":"], user);
}, FIRST_START_MS);
afterAll(() => host?.stop());
beforeEach((context) => skipUnless(context, canHaveHost(), "a host of one's own takes root"));

/** What leads out of many a sandbox, in words of bash. Each prints `OUT` where it has got out. */
const shellAttacks: Readonly<Record<string, string>> = {
  "a job of cron's":
    "for d in /var/spool/cron/crontabs /etc/cron.d /etc/cron.daily; do echo '* * * * * root " +
    "id' >$d/cofferdam-test && echo OUT; done; echo | crontab - && echo OUT",
  "a job of at's": "echo id | at now && echo OUT; echo id >/var/spool/cron/atjobs/a && echo OUT",
  "a unit of systemd's":
    "systemd-run id && echo OUT; systemd-run --user id && echo OUT; echo " +
    ">/etc/systemd/system/cofferdam-test.service && echo OUT",
  "sudo, su, doas, pkexec": "for p in sudo 'su -c' doas pkexec newgrp; do $p id && echo OUT; done",
  "set-user-id programs":
    "for p in /usr/bin/* /usr/sbin/*; do [[ -u $p ]] && [[ $p != *ssh-agent ]] && { $p --help " +
    "&& echo OUT; }; done",
  "files that a shell outside reads":
    "for f in .bashrc .profile .bash_profile .ssh/authorized_keys .ssh/rc " +
    ".config/fish/config.fish; do echo 'id' >>/home/ada/$f && echo OUT; echo id >>/root/$f " +
    "&& echo OUT; done",
  "files of the host":
    "for f in /etc/passwd /etc/sudoers /etc/ld.so.preload /etc/profile.d/x.sh " +
    "/etc/ssh/sshd_config /etc/cofferdam/domains/shell.yaml; do echo x >>$f && echo OUT; done",
  "Cofferdam's own":
    "for f in /run/cofferdam/x /run/cofferdam-sessions/x " +
    `/run/cofferdam-sessions/agents/x /var/lib/cofferdam/x ${root}/shell/supershell ` +
    `${root}/shell/bashrc ${root}/bin/cofferdam; do echo x >>$f && echo OUT; done; rm ` +
    `${supershell} && echo OUT`,
  "the folder of its home":
    "mv /var/spool/cofferdam/ada /var/spool/cofferdam/x && echo OUT; ln -s /etc " +
    "/var/spool/cofferdam/evil && echo OUT; rmdir /run/cofferdam-sessions/empty && echo OUT",
  "processes of others":
    "for p in /proc/[0-9]*; do [[ $p != /proc/$$ ]] && { read -r x <$p/environ && echo OUT; " +
    "echo x >$p/mem && echo OUT; }; done; kill -0 1 && echo OUT; kill -TERM $PPID && echo OUT",
  "terminals of others":
    "for t in /dev/pts/* /dev/tty[0-9] /dev/console; do echo x >$t && echo OUT; done",
  "a program of its own":
    "cp /usr/bin/bash mine; chmod +x mine; ./mine -c 'echo OUT'; echo 'echo OUT' >script; " +
    "chmod +x script; ./script",
  "the loader, and interpreters":
    "/lib64/ld-linux-x86-64.so.2 /usr/bin/who --version && echo OUT; for p in python3 perl " +
    "awk vi less find env nsenter unshare setpriv; do $p --version && echo OUT; done",
  "a login again": [
    `${client} -c 'echo OUT'`,
    `cp ${client} again`,
    "chmod +x again",
    "./again -c 'echo OUT'",
  ].join("; "),
  "control groups":
    "for f in /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/unified/cgroup.procs " +
    "/sys/fs/cgroup/*/cgroup.procs; do echo $$ >$f && echo OUT; done",
  "raw devices":
    "for d in /dev/mem /dev/kmsg /dev/sda /dev/vda /dev/loop0 /dev/net/tun /dev/kvm " +
    "/dev/fuse; do read -rn1 x <$d && echo OUT; done",
  addresses:
    "for p in 22 25 53 80 111 631 3306 5432 6379; do exec 5<>/dev/tcp/127.0.0.1/$p && echo " +
    "OUT; exec 5<>/dev/udp/127.0.0.1/$p && echo x >&5 && echo OUT; done",
};

for (const [name, attack] of Object.entries(shellAttacks)) {
  test.each([
    { who: "a user", user: ada },
    { who: "root", user: undefined },
  ])(`${name}: not for $who`, ({ user }) => {
    const { out } = host.run([client, "-c", `exec 2>/dev/null; ${attack}; echo end`], user);
    expect(out.split("\n").filter((line) => line === "OUT" || line === "end")).toEqual(["end"]);
  });
}

/**
 * Sockets of other services, as a host has them, each open for every user; their servers send
 * nothing.
 */
const listeners = `
import os, socket, sys, time
os.umask(0)
os.makedirs('/run/user/61001/systemd', exist_ok=True)
kept = []
for path in sys.argv[1:]:
  kind = socket.SOCK_DGRAM if path.endswith('log') else socket.SOCK_STREAM
  s = socket.socket(socket.AF_UNIX, kind)
  s.bind(path.replace('@', '\\0'))
  if not path.endswith('log'): s.listen(9)
  kept.append(s)
print('listening', flush=True)
sys.stdin.read()
`;

describe("calls", () => {
  const sockets = [
    "/run/docker.sock",
    "/run/user/61001/systemd/private",
    "/run/log",
    "@cofferdam-test-session",
  ];
  const cofferdams = [
    "/run/cofferdam-sessions/login.sock",
    "/run/cofferdam/control.sock",
    "/run/cofferdam/mediator.sock",
  ];
  let victim: number;
  let program: string;
  let others: ReturnType<SessionHost["spawn"]>;
  beforeAll(async () => {
    if (!canHaveHost()) return;
    program = join(host.folder, "break-out");
    compileC(program, join(root, "test/sessions/programs/break-out.c"), [
      "-O1",
      "-Wall",
      "-Wextra",
      "-Werror",
    ]);
    others = host.spawn(["python3", "-c", listeners, ...sockets]);
    await said(others, "listening");
    const sleeper = host.spawn(["sh", "-c", "echo $$; exec cat"], ada);
    victim = await new Promise<number>((resolve) =>
      sleeper.stdout?.once("data", (text) => resolve(Number(text))),
    );
    for (const user of [ada, bob, undefined]) {
      const copied = host.run(
        [client, "-c", "cat >break-out"],
        user,
        readFileSync(program, "latin1"),
      );
      expect(copied.status).toBe(0);
    }
  }, FIRST_START_MS);

  /** Code of one's own runs in the sandbox, by the loader: it is a sandbox for that too. */
  const attack = (user: TestUser | undefined, ...words: readonly string[]) =>
    host.run(
      [
        client,
        "-c",
        `${LOADER} ./break-out ${victim} ${[...sockets, ...cofferdams].join(" ")} ` +
          `${words.join(" ")}`,
      ],
      user,
    );

  test("outside the sandbox most of them work, so that what fails inside fails for it", () => {
    const { out } = host.run(
      [program, String(victim), ...sockets, "/run/cofferdam-sessions/login.sock"],
      ada,
    );
    for (const way of [
      "signal 0",
      "seize",
      "open memory",
      "take its descriptor",
      "signal by pidfd",
      "limit it",
      ...sockets,
      "/run/cofferdam-sessions/login.sock",
    ])
      expect(out).toContain(`OUT ${way}\n`);
  });

  test.each([
    { who: "a user", user: ada },
    { who: "another", user: bob },
    { who: "root", user: undefined },
  ])("none of them leads out for $who", ({ user }) => {
    const { out, err } = attack(user);
    expect(err).toBe("");
    expect(out).toBe("end\n");
  });

  test("nothing is typed into the terminal for the next program", () => {
    const words = host.run(
      ["script", "-qec", `exec ${client} -c '${LOADER} ./break-out ${victim}'`, "/dev/null"],
      ada,
    );
    expect(words.out.replaceAll("\r", "")).toBe("end\n");
  });
});

/**
 * Says what no client of ours says to a socket, and prints what is answered to each: the status, or
 * `-` for nothing.
 */
const forger = `
import array, os, socket, struct, sys
def ask(path, *parts, fds=(0, 1, 2)):
  s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
  s.connect(path)
  s.settimeout(20)
  try:
    for i, part in enumerate(parts):
      rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))]
      s.sendmsg([part], rights if i == 0 and fds else [])
    s.shutdown(socket.SHUT_WR) if parts == (b'',) else None
    heard = s.recv(4096)
  except OSError as e: heard = b''
  print(heard[0] if heard else '-', flush=True)
def framed(body): return struct.pack('<I', len(body)) + body
path = sys.argv[1]
ask(path, framed(b'x'))
ask(path, framed(b''))
ask(path, struct.pack('<I', 2**32 - 1))
ask(path, framed(b'p\\0/\\0' + b'99999\\0'))
ask(path, framed(b'p\\0/\\0-1\\0'))
ask(path, framed(b'p\\0/\\0zwei\\0'))
ask(path, framed(b'p\\0/\\0' + b'0\\0'), fds=())
ask(path, framed(b'p\\0/\\0' + b'0\\0'), fds=(0, 1))
ask(path, framed(b'p\\0/\\0' + b'0\\0'), fds=(0, 1, 2, 2))
ask(path, framed(b'p\\0/\\0' + b'0\\0'), fds=(0,) * 200)
for _ in range(50):
  s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
  s.connect(path); s.send(os.urandom(9)); s.close()
# Whoever asks and is gone.
for _ in range(20):
  if os.fork() == 0:
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM); s.connect(path)
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', (0, 1, 2)))]
    s.sendmsg([framed(b'p\\0/\\0' + b'0\\0')], rights)
    os._exit(0)
  os.wait()
`;

test("forged requests are refused, and the server continues", () => {
  const { out, err } = host.run(
    ["python3", "-c", forger, "/run/cofferdam-sessions/login.sock"],
    ada,
  );
  expect(err).toBe("");
  expect(out.trim().split("\n")).toEqual(Array(10).fill("125"));
  expect(host.run([client, "-c", "echo still there"], ada).out).toBe("still there\n");
  expect(host.messages).not.toContain("failed");
});

test("a process of a domain of the user's own gets no wider one", () => {
  // A copy: Cofferdam's own programs are out of reach of every domain.
  const copy = join(host.folder, "own", "cofferdam-login");
  const policy = host.file(
    "own/own.yaml",
    [
      "include: [base]",
      `files: ["rx ${copy}"]`,
      "network: [connect unix /run/cofferdam-sessions/login.sock]",
      "inherit: [stdio, stdio-sockets]",
      'syscalls: ["@system-service"]',
    ].join("\n"),
  );
  copyFileSync(client, copy);
  const cofferdam = ["env", "HOME=/home/ada", join(root, "bin", "cofferdam")];
  const { status, out, err } = host.run(
    [...cofferdam, "run", "--policy", policy, "--", copy, "-c", "echo OUT"],
    ada,
  );
  expect({ status, out }).toEqual({ status: 125, out: "" });
  expect(err).toMatch(/^cofferdam: (ask the session server: Operation not permitted|no shell)/);
});
