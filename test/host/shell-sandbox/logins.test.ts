import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { freePort } from "../../support/free-port.ts";
import { scratchFolder } from "../../support/scratch.ts";
import { needsRoot, skipUnless } from "../../support/skip.ts";
import type { Typed } from "../../support/typist.ts";
import { clone, EtcHost, KEY, type Outcome } from "./etc-host.ts";

const GETTY = "/etc/systemd/system/getty@.service.d/50-cofferdam-shell.conf";
const scratch = scratchFolder("logins");
const key = join(scratch, "key");
let host: EtcHost;
let port: number;

/** By the login shell whose start-up files are planted. */
const shells = ["/bin/bash", "/bin/dash", "/usr/bin/zsh", "/usr/bin/tcsh", "/usr/bin/fish"];
const userOf = (shell: string): string => `u${shell.slice(shell.lastIndexOf("/") + 1)}`;

const plant = `
echo "$1:x:$2:$2::/home/$1:$3" >>/etc/passwd
echo "$1:x:$2:" >>/etc/group
echo "$1:*:19000:0:99999:7:::" >>/etc/shadow
mkdir -p "/home/$1/.ssh" "/home/$1/.config/fish/conf.d" "/home/$1/.local/share/fish/vendor_conf.d"
cd "/home/$1"
for file in .bashrc .bash_profile .profile .zshenv .zprofile .zshrc .zlogin .cshrc .tcshrc .login \\
  .config/fish/config.fish .config/fish/conf.d/a.fish .local/share/fish/vendor_conf.d/b.fish \\
  .ssh/rc; do
  echo "touch /home/$1/mark" >"$file"
done
echo "BASH_ENV=/home/$1/.bashrc" >.ssh/environment
cp "$4" .ssh/authorized_keys
chown -R "$2:$2" "/home/$1"
`;

beforeAll(async () => {
  if (process.getuid?.() !== 0 || !existsSync("/usr/sbin/sshd")) return;
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  port = await freePort();
  host = await EtcHost.start(key);
  for (const [at, shell] of shells.entries())
    host.sh(plant, userOf(shell), String(3001 + at), shell, `${key}.pub`);
  await host.startAgent();
});

afterAll(async () => {
  await host?.stop();
  rmSync(scratch, { recursive: true });
});

beforeEach((context) => {
  needsRoot(context);
  skipUnless(context, existsSync("/usr/sbin/sshd"), "openssh-server is not installed");
});

/** As `systemctl restart ssh`: sessions go on. */
function restartSshd(by = ""): void {
  host.sh(
    `if [ -e /run/sshd.pid ]; then
       old=$(cat /run/sshd.pid)
       kill "$old"
       while kill -0 "$old" 2>/dev/null; do sleep 0.01; done
     fi
     ${by} /usr/sbin/sshd -p ${port} -o ListenAddress=127.0.0.1 -o PidFile=/run/sshd.pid`,
  );
}

function ssh(user: string, ...words: readonly string[]) {
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
    key,
    "-p",
    String(port),
    ...options.flatMap((option) => ["-o", option]),
  ];
  const { status, stdout, stderr } = spawnSync("ssh", [...args, `${user}@127.0.0.1`, ...words], {
    encoding: "utf8",
  });
  return { status, out: stdout, err: stderr };
}

/** Refused to every domain, and read by everybody outside. */
const isInside = `! : <${join(clone, "dist", "cofferdam.js")}`;
const marks = (): string => host.sh("ls /home/*/mark 2>/dev/null || true; rm -f /home/*/mark");

/** Mounts as systemd would by the drop-in, then login(1) on a terminal of its own. */
function consoleLogin(user: string, typed: Typed): Outcome {
  const binds = [...host.read(GETTY).matchAll(/^BindReadOnlyPaths=(\S+):(\S+)$/gm)].flatMap(
    ([, from = "", to = ""]) => [from, to],
  );
  const script = `
while [ "$1" != login ]; do mount --bind "$1" "$2"; mount -o remount,bind,ro "$2"; shift 2; done
exec "$@"
`;
  const inView = [
    "unshare",
    "--mount",
    "--propagation",
    "private",
    "sh",
    "-euc",
    script,
    "sh",
    ...binds,
  ];
  // What is typed before there is a prompt is thrown away by login(1).
  return host.type([...inView, "login", "-f", user], typed);
}

test("off: start-up files of users run outside every domain", () => {
  restartSshd();
  expect(ssh("ubash", isInside).status).toBe(1);
  for (const shell of shells) ssh(userOf(shell), "true");
  // dash reads nothing for a command, but sshd runs ~/.ssh/rc.
  expect(marks().split("\n").filter(Boolean)).toHaveLength(shells.length);
});

test("on: ssh is told so by a drop-in, and restarted", () => {
  expect(host.set(1)).toMatchObject({ status: 0, err: "" });
  restartSshd();
});

test.each(shells.filter((shell) => shell !== "/bin/dash"))(
  "on: %s runs no start-up file of its user's before the sandbox",
  (shell) => {
    const { status, out } = ssh(userOf(shell), `${isInside} 2>/dev/null && echo "in as $USER"`);
    expect([status, out]).toEqual([0, `in as ${userOf(shell)}\n`]);
    expect(marks()).toBe("");
  },
);

test("on: a Match block with another command does not override it, nor does internal-sftp", () => {
  host.write(
    "/etc/ssh/sshd_config.d/50-own.conf",
    "Match User ubash\nForceCommand /bin/echo outside\nPermitUserRC yes\n" +
      "AllowStreamLocalForwarding yes\n",
  );
  host.sh("sed -i 's/^Subsystem.*/Subsystem sftp internal-sftp/' /etc/ssh/sshd_config");
  expect(host.set(1)).toMatchObject({ status: 0 });
  restartSshd();
  expect(ssh("ubash", `${isInside} && echo inside`)).toMatchObject({ status: 0, out: "inside\n" });
  const sftp = ssh("ubash", "-s", "sftp");
  expect(sftp.err).not.toContain("outside");
  host.sh(
    "rm /etc/ssh/sshd_config.d/50-own.conf; cp /usr/share/openssh/sshd_config /etc/ssh/sshd_config",
  );
});

test("on: no socket is forwarded, no tunnel and no X11 opened", () => {
  const forwarded = ssh(
    "ubash",
    "-o",
    "ExitOnForwardFailure=yes",
    "-R",
    "/tmp/cofferdam-forwarded:127.0.0.1:1",
    "true",
  );
  expect(forwarded.status).not.toBe(0);
  expect(
    host.run(
      "/usr/sbin/sshd",
      "-T",
      "-C",
      "user=ubash,host=h,addr=127.0.0.1,laddr=127.0.0.1,lport=22",
    ).out,
  ).toMatch(/^permittunnel no$/m);
});

test("on: a login goes on where sshd has a /tmp of its own", () => {
  // The clone may lie in /tmp.
  const own =
    "mkdir -p /run/clone; mount --bind $0 /run/clone; mount -t tmpfs tmp /tmp; mkdir -p " +
    "$0; mount --bind /run/clone $0";
  restartSshd(`unshare --mount --propagation slave -- sh -euc '${own}; exec "$@"' ${clone}`);
  const { status, out } = ssh("ubash", "echo in");
  restartSshd();
  expect([status, out]).toEqual([0, "in\n"]);
});

test("on: a key that is for one command alone still is, in the sandbox", () => {
  const command = `${isInside} 2>/dev/null && echo one: $SSH_ORIGINAL_COMMAND`;
  const line = `command="${command}" ${readFileSync(`${key}.pub`, "utf8")}`;
  host.write("/home/udash/.ssh/authorized_keys", line);
  expect(ssh("udash", "echo two")).toMatchObject({ status: 0, out: "one: echo two\n" });
  expect(ssh("udash")).toMatchObject({ status: 0, out: "one:\n" });
});

test("on: a console login is in the sandbox, and no start-up file of the user runs first", () => {
  const typed = [
    ["[sandboxed", `${isInside} && echo in"side"`],
    ["inside\n", "exit 7"],
  ] as const;
  expect(consoleLogin("ubash", typed)).toMatchObject({ status: 0, err: "" });
  expect(marks()).toBe("");
});

test("on: an account that is new on the host has a login at a console", () => {
  host.sh("echo 'new:x:3999:3999::/home/new:/bin/bash' >>/etc/passwd");
  host.sh(
    'until grep -q "^new:.*:$1$" /var/lib/cofferdam/console/passwd; do sleep 0.02; done',
    join(clone, "bin", "cofferdam-login"),
  );
});

test("off again, by who may leave the sandbox: shells are as they were", () => {
  host.sh("echo cofferdam:x:3998:ubash >>/etc/group");
  const off = `${join(clone, "bin", "cofferdam")} settings set ${KEY} 0`;
  expect(ssh("utcsh", `supershell -c '${off}'`).status).not.toBe(0);
  expect(ssh("ubash", off).status).not.toBe(0);
  expect(ssh("ubash", `supershell -c '${off}'`)).toMatchObject({
    status: 0,
    out: expect.stringContaining(`${KEY} is 0`),
  });
  restartSshd();
  expect(ssh("ubash", isInside).status).toBe(1);
  expect(marks()).not.toBe("");
});
