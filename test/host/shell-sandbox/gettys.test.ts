import { execFileSync, spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { scratchFolder } from "../../support/scratch.ts";
import { skipUnless } from "../../support/skip.ts";
import { BootedHost, bootMissing, type Console, consoles, installOn } from "./booted-host.ts";
import { clone, EtcHost, KEY } from "./etc-host.ts";

const missing = bootMissing();
const scratch = scratchFolder("gettys");
const all = Object.keys(consoles) as Console[];
const PASSWORD = "correct horse";
/** To read what a console says at a session's end, milliseconds. */
const READING_MS = 4_500;
const PLAIN = ":~$ ";
const SANDBOX = "[sandboxed eve";
let disk: EtcHost;
let host: BootedHost;
/** Milliseconds from a console's last words to the prompt that wipes them away. */
let nextPrompt: Promise<number>;

/** `eve` may leave the sandbox, and comes by ssh with the host's own key. */
const account = `
useradd --create-home --shell /bin/bash eve
groupadd --force cofferdam
usermod --append --groups cofferdam eve
printf '%s\\n' "eve:$1" "root:$1" | chpasswd
mkdir ~eve/.ssh
echo "$2" >~eve/.ssh/authorized_keys
chown -R eve: ~eve/.ssh
`;

beforeAll(async () => {
  if (missing !== null) return;
  const key = join(scratch, "key");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  disk = await EtcHost.start(key);
  installOn(disk);
  disk.sh(account, PASSWORD, readFileSync(`${key}.pub`, "utf8"));
  host = await BootedHost.boot(disk);
});

afterAll(async () => {
  await host?.powerOff();
  await disk?.stop();
  rmSync(scratch, { recursive: true });
});

beforeEach((context) => skipUnless(context, missing === null, missing ?? ""));

/** Refused to every domain, and read by everybody outside. */
const where = `: <${join(clone, "dist", "cofferdam.js")} && echo out"side" || echo in"side"`;

/** From the prompt that is there, or comes, to a shell that has said where it is. */
async function logIn(at: Console, shell: typeof PLAIN | typeof SANDBOX): Promise<void> {
  await host.terminal(at).type([
    ["login: ", "eve"],
    ["Password: ", PASSWORD],
    [shell, where],
    [shell === PLAIN ? "outside\n" : "inside\n", ""],
  ]);
}

const sshWords = (...command: readonly string[]): readonly string[] => {
  const options = [
    "StrictHostKeyChecking=no",
    "UserKnownHostsFile=/dev/null",
    "LogLevel=ERROR",
    "BatchMode=yes",
  ];
  const args = [
    "-F",
    "none",
    "-i",
    "/etc/ssh/ssh_host_ed25519_key",
    ...options.flatMap((option) => ["-o", option]),
  ];
  return ["ssh", ...args, "eve@127.0.0.1", ...command];
};
const whereBySsh = (): string => host.run(...sshWords(where)).out;

/** A session by ssh that waits to be told what to run. */
function openSession(): (line: string) => Promise<string> {
  const [program = "", ...args] = host.command(sshWords("sh"));
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  let out = "";
  child.stdout.on("data", (text) => {
    out += text;
  });
  return (line) => {
    child.stdin.end(`${line}\n`);
    return new Promise((resolve) => child.once("close", () => resolve(out)));
  };
}

const killSessionServer = (): string => host.sh("kill -KILL $(pgrep -f '[c]offerdam.js sessions')");

test("systemd starts the installed units, accepts them, and neither drops nor limits them", () => {
  expect(
    host.sh("systemctl is-active cofferdam-agent.service cofferdam-agent.socket ssh.service"),
  ).toBe("active\nactive\nactive\n");
  const units = ["cofferdam-agent.service", "cofferdam-agent.socket"];
  expect(host.run("systemd-analyze", "verify", "--man=no", ...units)).toMatchObject({
    status: 0,
    out: "",
    err: "",
  });
  const held = ["StartLimitIntervalUSec", "TasksMax", "OOMPolicy"].flatMap((name) => ["-p", name]);
  expect(host.sh('systemctl show "$@" cofferdam-agent.service | sort', ...held)).toBe(
    "OOMPolicy=continue\nStartLimitIntervalUSec=0\nTasksMax=infinity\n",
  );
});

/** As docs/cgroup-bpf.md has it; the daemon leaves a child behind. */
const unit = `
mkdir -p /etc/cofferdam/domains
cat >/etc/cofferdam/domains/left.yaml <<'END'
summary: leaves a child behind
level: enforcing
include: [base]
files: [rx /usr/bin/dash /usr/bin/sleep]
syscalls: ["@system-service"]
END
cat >/etc/systemd/system/left.service <<END
[Service]
ExecStart=$1/bin/cofferdam run left -- /usr/bin/dash -c 'sleep 1000 & exec sleep 1000'
TimeoutStopSec=1
ExecStopPost=/bin/sh -c 'for run in /sys/fs/cgroup/cofferdam/left.*/*/cgroup.kill; \\
do echo 1 >\\$\\$run; done'
END
systemctl daemon-reload
systemctl start left
main=$(systemctl show --value --property MainPID left)
until [ "$(pgrep --count --full '^sleep 1000')" = 2 ]; do sleep 0.05; done
grep ^0: "/proc/$main/cgroup"
kill -KILL "$main"
while systemctl --quiet is-active left; do sleep 0.05; done
while pgrep --full '^sleep 1000'; do sleep 0.05; done
systemctl reset-failed left
`;

test("a unit's run has a control group of its own, where ExecStopPost ends its leftovers", () => {
  expect(host.sh(unit, clone)).toMatch(/^0::\/cofferdam\/left\.[0-9a-f]+\/\d+\n/);
});

test("on: ssh logins are in the sandbox, open sessions stay as they are", async () => {
  const open = openSession();
  await logIn("getty@", PLAIN);
  expect(whereBySsh()).toBe("outside\n");
  expect(host.cofferdam("settings", "set", KEY, "1")).toMatchObject({ status: 0, err: "" });
  host.sh("systemctl daemon-reload && systemctl restart ssh");
  expect(whereBySsh()).toBe("inside\n");
  expect(await open(where)).toBe("outside\n");
  await host.terminal("getty@").type([
    [PLAIN, where],
    ["outside\n", "exit"],
  ]);
  const units = all.map((unit) => `${unit.replace(/@$/, "@x")}.service`);
  expect(host.run("systemd-analyze", "verify", "--man=no", ...units).err).not.toContain(
    "cofferdam",
  );
});

test("on: at each getty a login is in the sandbox; audit names the user", async () => {
  const leave = async (at: Console): Promise<void> => {
    if (at !== "getty@") await host.terminal(at).type([["login: ", "^D"]]);
    await logIn(at, SANDBOX);
    const heard = await host.terminal(at).type([
      [SANDBOX, "supershell -c 'id -un; cat /proc/self/loginuid; echo'; echo ba''ck"],
      ["back\n", at === "getty@" ? "" : "exit"],
    ]);
    expect(heard).toMatch(/\rroot\r\n1000\r\n/);
  };
  await Promise.all(all.map(leave));
  expect(host.sh("loginctl list-sessions --no-legend")).toMatch(/ eve .* tty1 /);
  const events = host.cofferdam("events").out.replaceAll(/\s+/g, " ");
  for (const path of Object.values(consoles))
    expect(events).toMatch(
      new RegExp(`super shell: started: id -un; \\S.*?\\(on ${path}\\), by eve \\(user 1000\\)`),
    );
});

test("on: an agent that systemd starts again finds the sessions that are open", async () => {
  host.sh("systemctl restart cofferdam-agent");
  await host.terminal("getty@").type([
    [SANDBOX, "supershell -c 'systemctl restart cofferdam-agent' && echo a''live"],
    ["alive\n", where],
    ["inside\n", ""],
  ]);
});

test("on: sessions end with the session server, later logins wait for the next", async () => {
  killSessionServer();
  await host.terminal("getty@").type([["read the session server's answer", ""]]);
  const since = performance.now();
  nextPrompt = host
    .terminal("getty@")
    .type([["login: ", ""]])
    .then(() => performance.now() - since);
  await logIn("serial-getty@", SANDBOX);
});

test("on: without a session server a console says what to do, with time to read it", async () => {
  host.sh("systemctl stop cofferdam-agent.socket cofferdam-agent.service");
  killSessionServer();
  await host.terminal("console-getty").type([
    ["login: ", "eve"],
    ["Password: ", PASSWORD],
    ["reach the session server", ""],
    ["systemd.unit=rescue.target", ""],
  ]);
  expect(await nextPrompt).toBeGreaterThan(READING_MS);
});

test("on: a rescue start asks for root's password, and is outside the sandbox", async () => {
  await host.powerOff();
  host = await BootedHost.boot(disk, "rescue.target");
  const { out } = host.run(
    "systemctl",
    "is-active",
    "ssh",
    "cofferdam-agent",
    "getty@tty1",
    "console-getty",
  );
  expect(out).toBe("inactive\n".repeat(4));
  // What is typed before it has turned off the echo is thrown away.
  host.sh(
    'until stty -F "$1" -a | grep -q " -echo "; do sleep 0.05; done',
    consoles["console-getty"],
  );
  await host.terminal("console-getty").type([
    ["Control-D to continue): ", PASSWORD],
    ["# ", where],
    ["outside\n", ""],
    ["# ", "exit"],
  ]);
});

test("on: after the host's next start every login is in the sandbox", async () => {
  await host.until();
  await logIn("getty@", SANDBOX);
  expect(whereBySsh()).toBe("inside\n");
});

test("off, from inside: consoles stay until systemd's reload, then all is as before", async () => {
  const off = `${join(clone, "bin", "cofferdam")} settings set ${KEY} 0`;
  await host.terminal("getty@").type([
    [SANDBOX, `supershell -c '${off}' && echo do''ne`],
    ["done\n", "exit"],
  ]);
  await logIn("getty@", SANDBOX);
  host.sh("systemctl daemon-reload && systemctl restart ssh");
  expect(whereBySsh()).toBe("outside\n");
  await host.terminal("getty@").type([[SANDBOX, "exit"]]);
  await logIn("getty@", PLAIN);
  expect(host.sh("systemctl --failed --plain --no-legend")).toBe("");
});
