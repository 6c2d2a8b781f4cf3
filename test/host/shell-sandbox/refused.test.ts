import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { scratchFolder } from "../../support/scratch.ts";
import { needsRoot, skipUnless } from "../../support/skip.ts";
import { clone, EtcHost, KEY } from "./etc-host.ts";

const scratch = scratchFolder("etc");
const hostKey = join(scratch, "key");
let host: EtcHost;

beforeAll(() => void execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", hostKey]));

beforeEach(async (context) => {
  needsRoot(context);
  skipUnless(context, existsSync("/usr/sbin/sshd"), "openssh-server is not installed");
  host = await EtcHost.start(hostKey);
});
afterEach(() => host?.stop());

const MAIN = "/etc/ssh/sshd_config";
const folder = "/etc/ssh/sshd_config.d";

/** What is in the way, how it comes there, and what is said of it. */
const obstacles: readonly (readonly [string, (host: EtcHost) => void, RegExp])[] = [
  [
    "a line that sshd does not know",
    (h) => h.write(`${folder}/50-x.conf`, "Nonsense yes\n"),
    /sshd would not start .*Nonsense/,
  ],
  [
    "sshd in a domain",
    (h) => h.write("/etc/systemd/system/ssh.service.d/zz-cofferdam.conf", "[Service]\n"),
    /ssh\.service starts sshd in a domain, .*\n.* cofferdam unit disable ssh\.service/,
  ],
  [
    "sshd in a domain of the kernel's engine",
    (h) => h.write("/var/lib/cofferdam/engine", "bpf-lsm\n"),
    /sshd enters the domain sshd in the kernel, .*\n.* leave it out of `enter` in \/etc\/cofferdam/,
  ],
  [
    "no Include",
    (h) => h.write(MAIN, "UsePAM yes\n"),
    /sshd_config does not include .*\n.*first line be: Include \/etc\/ssh\/sshd_config\.d\/\*\.conf/,
  ],
  [
    "a Match block before the Include",
    (h) =>
      h.write(MAIN, `Match User root\n X11Forwarding no\nMatch all\nInclude ${folder}/*.conf\n`),
    /sshd_config:1: this Match block comes before/,
  ],
  [
    "a Match block in a file that comes first",
    (h) => h.write(`${folder}/00-a.conf`, "Match Address 10.0.0.0/8\nForceCommand /bin/sh\n"),
    /00-a\.conf:1: this Match block comes before/,
  ],
  [
    "a file in a file",
    (h) => {
      h.write("/etc/ssh/more", 'Match User "x y"\nForceCommand /bin/sh\n');
      h.write(`${folder}/00-a.conf`, "include=more\n");
    },
    /\/etc\/ssh\/more:1: this Match block/,
  ],
  [
    "environment of users",
    (h) => h.write(MAIN, `PermitUserEnvironment yes\nInclude ${folder}/*.conf\n`),
    /would not apply `permituserenvironment no` to root/,
  ],
  [
    "variables of clients",
    (h) => h.write(`${folder}/50-x.conf`, "Match Address 10.0.0.0/8\nAcceptEnv LC_* BASH_ENV\n"),
    /50-x\.conf:2: `AcceptEnv BASH_ENV`/,
  ],
  [
    "keys from elsewhere",
    (h) => h.write(`${folder}/50-x.conf`, "TrustedUserCAKeys /etc/ssh/ca\n"),
    /cannot find out which command/,
  ],
  [
    "a root folder for root",
    (h) => h.write(`${folder}/50-x.conf`, "Match User root\nChrootDirectory /srv\n"),
    /would not apply `chrootdirectory none` to root/,
  ],
  [
    "options of sshd's",
    (h) => h.write("/etc/default/ssh", 'SSHD_OPTS="-p 22 -f /x"\n'),
    /SSHD_OPTS gives sshd another/,
  ],
  [
    "pam_env",
    (h) => h.sh("echo 'session required pam_env.so user_readenv=1' >>/etc/pam.d/sshd"),
    /user_readenv=1 lets users set/,
  ],
  [
    "an unknown login shell",
    (h) =>
      h.sh("cp /bin/dash /home/mysh; echo 'eve:x:3001:3001::/home/eve:/home/mysh' >>/etc/passwd"),
    /eve \(\/home\/mysh\)\n.*chsh -s \/bin\/bash eve/,
  ],
  [
    "a shell that its user may change",
    (h) =>
      h.sh(
        "cp /bin/dash /home/dash; chown 3001 /home/dash; echo " +
          "'eve:x:3001:3001::/home/eve:/home/dash' >>/etc/passwd",
      ),
    /eve \(\/home\/dash\)/,
  ],
];

test.each([
  ["is in no file of accounts", 4242, "", /your account, number 4242, is not in \/etc\/passwd/],
  [
    "has no shell",
    3001,
    "eve:x:3001:3001::/home/eve:/usr/sbin/nologin\n",
    /your login shell, \/usr\/sbin\/nologin/,
  ],
])("whoever asks, also as root, and %s: nothing is changed", (_what, uid, account, words) => {
  host.sh('printf %s "$1" >>/etc/passwd', account);
  const before = host.fingerprint();
  const script = 'echo "$1" >/proc/self/loginuid; shift; exec "$@"';
  const command = [join(clone, "bin", "cofferdam"), "settings", "set", KEY, "1"];
  const { status, err } = host.run("sh", "-euc", script, "sh", String(uid), ...command);
  expect(err.replaceAll(/\s+/g, " ")).toMatch(words);
  expect(status).toBe(3);
  expect(host.fingerprint()).toBe(before);
});

test.each(obstacles)("%s: nothing is changed", (_what, make, words) => {
  make(host);
  const before = host.fingerprint();
  const { status, out, err: wrapped } = host.set(1);
  const err = wrapped.replaceAll(/\n {3,}/g, " ").replaceAll(/\n {2}(?!help)/g, " ");
  expect(err).toMatch(words);
  expect(err).toMatch(/^cofferdam: .*\n {2}help: nothing was changed; /);
  expect({ status, out }).toEqual({ status: 3, out: "" });
  expect(host.fingerprint()).toBe(before);
  expect(host.sh("ls /run")).not.toContain("cofferdam-sshd");
});
