import { execFileSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { scratchFolder } from "../../support/scratch.ts";
import { needsRoot, skipUnless } from "../../support/skip.ts";
import { clone, EtcHost, KEY, SSHD_DROP_IN } from "./etc-host.ts";

const scratch = scratchFolder("etc");
const GETTY = "/etc/systemd/system/getty@.service.d/50-cofferdam-shell.conf";
let host: EtcHost;

beforeAll(async () => {
  const hostKey = join(scratch, "key");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", hostKey]);
  if (process.getuid?.() !== 0 || !existsSync("/usr/sbin/sshd")) return;
  host = await EtcHost.start(hostKey);
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

const get = (): string => host.cofferdam("settings", "get", KEY).out;
const dropIns = (): string => host.sh("find /etc -name '*cofferdam-shell*' | sort");

/** Leaves no room on the disk that this folder is. */
const fill = (folder: string): string =>
  host.sh(`dd if=/dev/zero of=${folder}/filler bs=64k 2>/dev/null || true`);
const empty = (folder: string): string => host.sh(`rm ${folder}/filler`);
/** Nobody who comes from now on can write it. */
const closeLog = (): string =>
  host.sh("mount --bind $1 $1; mount -o remount,bind,ro $1", "/var/log/cofferdam");
const openLog = (): string => host.sh("umount /var/log/cofferdam");

describe("on", () => {
  test("is put in place whole, told to the auditor with who did it, and says what to do", () => {
    const { status, out, err } = host.set(1);
    expect({ status, err }).toEqual({ status: 0, err: "" });
    expect(out).toMatch(
      /^\/UserVars\/ShellSandboxEnabled is 1\nfor logins to come to start in the sandbox: /,
    );
    expect(get()).toBe("1\n");
    expect(host.run(join(clone, "bin", "esxi", "esxcfg-advcfg"), "-g", KEY).out).toBe(
      "Value of ShellSandboxEnabled is 1\n",
    );
    expect(host.sh(`stat -c '%a %U %n' ${SSHD_DROP_IN} ${GETTY}`)).toBe(
      `644 root ${SSHD_DROP_IN}\n644 root ${GETTY}\n`,
    );
    expect(host.cofferdam("events").out.replaceAll(/\s+/g, " ")).toContain(
      `audit: superDom: set ${KEY} from 0 to 1, by root (user 0)`,
    );
  });

  test("again changes nothing, and who is held by a folder is told of each time", () => {
    host.write(
      "/etc/ssh/sshd_config.d/50-own.conf",
      "Match User sftp-only\nChrootDirectory /srv\n",
    );
    expect(host.set(1).out.replaceAll(/\s+/g, " ")).toContain(
      "50-own.conf:2: who gets this ChrootDirectory cannot log in",
    );
    const before = host.sh("find /etc -type f -exec md5sum {} + | sort");
    expect(host.set(1).status).toBe(0);
    expect(host.sh("find /etc -type f -exec md5sum {} + | sort")).toBe(before);
    host.sh("rm /etc/ssh/sshd_config.d/50-own.conf");
  });

  test("systemd takes the drop-ins", () => {
    const { status, err } = host.run("systemd-analyze", "verify", "--man=no", "getty@tty1.service");
    expect({ status, ours: err.includes("cofferdam") }).toEqual({ status: 0, ours: false });
  });

  test("a link of the drop-in's name is replaced, and what it leads to stays", () => {
    host.set(0);
    host.sh(`echo mine >/etc/mine; ln -s /etc/mine ${SSHD_DROP_IN}`);
    expect(get()).toBe("0\n");
    expect(host.set(1).status).toBe(0);
    expect(host.sh(`stat -c %F ${SSHD_DROP_IN}; cat /etc/mine`)).toBe("regular file\nmine\n");
  });

  test("needs room on the disk, and takes none where there is not enough", () => {
    host.set(0);
    fill("/etc");
    const before = host.fingerprint();
    const { status, err } = host.set(1);
    expect(host.fingerprint()).toBe(before);
    empty("/etc");
    expect(status).toBe(3);
    expect(err).toMatch(/ENOSPC|No space left/);
    expect(err).toContain("nothing was changed");
  });

  test("needs an event log that takes the event", () => {
    host.set(0);
    closeLog();
    const before = host.fingerprint();
    const { status, err } = host.set(1);
    openLog();
    expect(status).toBe(3);
    expect(err).toContain("the event log cannot be written");
    expect(host.fingerprint()).toBe(before);
  });

  test("is root's alone", () => {
    const words = [
      "setpriv",
      "--reuid",
      "nobody",
      "--clear-groups",
      join(clone, "bin", "cofferdam"),
    ];
    const { status, err } = host.run(...words, "settings", "set", KEY, "1");
    expect(status).toBe(3);
    expect(err).toContain("change them as root");
  });
});

/** The n-th call of this kind ends the command. */
function killedAt(call: string, n: number, value: 0 | 1): void {
  const inject = `inject=${call}:signal=SIGKILL:when=${n}`;
  host.run(
    "strace",
    "-f",
    "-qq",
    "-o",
    "/dev/null",
    "-e",
    inject,
    join(clone, "bin", "cofferdam"),
    "settings",
    "set",
    KEY,
    String(value),
  );
}

describe("a command that is killed half-way", () => {
  test("to on: sshd is as before, the value is 0 and something is left; again completes it", () => {
    host.set(0);
    // Two files of accounts and two of four drop-ins have their names.
    killedAt("rename", 5, 1);
    expect(dropIns().split("\n").filter(Boolean).length).toBeGreaterThan(0);
    expect(dropIns()).not.toContain(SSHD_DROP_IN);
    const { out, err } = host.cofferdam("settings", "get", KEY);
    expect(out).toBe("0\n");
    expect(err).toContain("set it again to 0 or 1");
    expect(host.set(1).status).toBe(0);
    expect(get()).toBe("1\n");
    expect(host.sh("find /etc /var/lib/cofferdam -name '.new.*'")).toMatch(/^(\S+\n)*$/);
  });

  test("to off: again completes it", () => {
    host.set(1);
    killedAt("unlink", 2, 0);
    expect(dropIns()).not.toContain(SSHD_DROP_IN);
    expect(dropIns()).not.toBe("");
    expect(host.set(0)).toMatchObject({ status: 0 });
    expect(dropIns()).toBe("");
  });
});

describe("off", () => {
  test("removes all that on has made, and nothing else", () => {
    host.set(0);
    const before = host.sh("find /etc | sort");
    host.set(1);
    const { status, out } = host.set(0);
    expect(status).toBe(0);
    expect(out).toContain("for logins to come to start as before");
    expect(host.sh("find /etc | sort")).toBe(before);
    expect(get()).toBe("0\n");
    expect(host.set(0).status).toBe(0);
  });

  test("needs no agent, session server, room or event log; says what the log lacks", async () => {
    host.set(1);
    host.stopAgent();
    fill("/etc");
    closeLog();
    const { status, out } = host.set(0);
    expect(host.set(1).err.replaceAll(/\s+/g, " ")).toMatch(
      /no agent runs on this host, .* nothing was changed/,
    );
    empty("/etc");
    openLog();
    expect(status).toBe(0);
    expect(out.replaceAll(/\s+/g, " ")).toContain("no event could be written of it");
    expect(dropIns()).toBe("");
    await host.startAgent();
  });

  test("by hand, as the page says, is a setting that is off", () => {
    host.set(1);
    host.sh(`rm ${SSHD_DROP_IN} /etc/systemd/system/*getty*.service.d/50-cofferdam-shell.conf`);
    expect(get()).toBe("0\n");
    expect(host.cofferdam("settings", "get", KEY).err).toBe("");
  });
});
