import { cpSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { parseRequest } from "../../src/cli/explain/request.ts";
import { vocabulary } from "../../src/host/load.ts";
import { decide } from "../../src/model/decide.ts";
import { loadPolicy } from "../../src/policy/load.ts";
import { clone } from "../package/packages.ts";
import { scratchFolder } from "../support/scratch.ts";
import { written } from "./attempts.ts";

/**
 * Each abstraction alone: what it grants, what a reader might fear that it grants, and what it
 * denies, whatever else is granted.
 */
const abstractions: Readonly<
  Record<string, readonly [grants: string[], refuses: string[], denies?: string[]]>
> = {
  accounts: [
    ["read /etc/passwd", "read /etc/group", "read /etc/nsswitch.conf"],
    ["read /etc/shadow", "write /etc/passwd", "connect udp 10.0.0.1:53"],
  ],
  base: [
    ["map /usr/lib/x86_64-linux-gnu/libc.so.6", "read /etc/localtime", "write /dev/null"],
    ["execute /usr/bin/dash", "write /usr/lib/x86_64-linux-gnu/libc.so.6", "read /etc/passwd"],
  ],
  daemon: [
    ["syscall openat", "inherit stdio-sockets", "map /usr/lib/x86_64-linux-gnu/libc.so.6"],
    ["syscall chroot", "syscall clock_settime", "inherit listen", "read /etc/passwd"],
  ],
  "dns-resolver": [
    [
      ...["listen udp 53", "listen tcp 53", "listen udp 0", "connect tcp 10.0.0.1:853"],
      ...["connect udp 10.0.0.1:53", "capability net_bind_service"],
    ],
    ["listen tcp 853", "listen udp 123", "connect tcp 10.0.0.1:443"],
  ],
  "dns-server": [
    ["listen udp 53", "listen tcp 53", "capability net_bind_service"],
    ["connect udp 10.0.0.1:53", "listen udp 0", "listen tcp 853"],
  ],
  go: [
    ["read /sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "read /etc/mime.types"],
    ["read /proc/self/maps", "listen tcp 127.0.0.1:0", "connect tcp 10.0.0.1:443"],
  ],
  java: [
    [
      ...["execute /usr/lib/jvm/java-21-openjdk-amd64/bin/java", "memory jit"],
      ...["map /usr/lib/jvm/java-21-openjdk-amd64/lib/server/libjvm.so"],
      ...["read /etc/java-21-openjdk/security/java.security", "read /usr/share/java/x.jar"],
    ],
    [
      ...["execute /usr/lib/jvm/java-21-openjdk-amd64/lib/jspawnhelper"],
      ...["write /usr/share/java/x.jar", "create /tmp/hsperfdata_root/1", "execute /usr/bin/dash"],
      ...["read /proc/meminfo", "read /", "read /srv/app/app.jar"],
    ],
  ],
  "java-without-ipv6": [[], ["read /proc/self/net/tcp"], ["read /proc/self/net/if_inet6"]],
  journal: [
    ["connect unix /run/systemd/journal/socket"],
    ["connect unix /run/systemd/journal/stdout", "connect unix /run/systemd/journal/dev-log"],
  ],
  mailboxes: [
    ["write /var/mail/alice", "create /var/mail/alice.lock"],
    ["write /var/mail/alice/x", "read /home/alice/Mail", "execute /var/mail/alice"],
  ],
  "name-service": [
    ["read /etc/resolv.conf", "read /etc/passwd", "connect udp 10.0.0.1:53", "netlink route"],
    ["write /etc/resolv.conf", "connect udp 10.0.0.1:123", "listen udp 53", "netlink audit"],
  ],
  notify: [
    ["connect unix /run/systemd/notify"],
    ["connect unix /run/systemd/private", "listen unix /run/systemd/notify"],
  ],
  "ntp-client": [
    ["connect udp 10.0.0.1:123", "capability sys_time", "syscall clock_settime"],
    ["listen udp 123", "connect udp 10.0.0.1:53", "syscall reboot"],
  ],
  openssl: [
    ["read /etc/ssl/openssl.cnf"],
    ["read /etc/ssl/private/key.pem", "read /etc/ssl/certs/ca-certificates.crt"],
  ],
  pam: [
    ["read /etc/shadow", "read /etc/pam.d/common-auth", "execute /usr/sbin/unix_chkpwd"],
    ["write /etc/shadow", "write /etc/pam.d/common-auth", "netlink audit", "execute /usr/bin/su"],
  ],
  "pam-audit": [
    ["read /etc/shadow", "netlink audit", "capability audit_write"],
    ["capability audit_control", "write /etc/shadow"],
  ],
  "own-addresses": [
    ["connect udp 127.0.0.1:0", "connect udp [::1]:0"],
    ["connect udp 127.0.0.1:53", "connect udp 10.0.0.1:0", "listen udp 0"],
  ],
  perl: [
    ["execute /usr/bin/perl", "read /usr/share/perl5/Net/DNS.pm"],
    ["execute /usr/bin/dash", "write /usr/share/perl5/x.pm", "read /srv/app/app.pl"],
  ],
  "prometheus-client": [[], ["listen tcp 9090"], ["read /proc/self/stat", "read /proc/stat"]],
  python: [
    ["execute /usr/bin/python3.13", "read /usr/lib/python3/dist-packages/yaml/__init__.py"],
    [
      ...["write /usr/lib/python3/dist-packages/x.py", "execute /usr/bin/dash"],
      ...["read /srv/app/app.py"],
    ],
  ],
  "python-application": [
    ["read /srv/app/app.py", "execute /usr/bin/python3.13"],
    ["execute /srv/app/app.py", "read /srv/other/app.py"],
    ["create /srv/app/__pycache__/app.pyc"],
  ],
  redis: [
    ["read /proc/self/stat", "read /sys/kernel/mm/transparent_hugepage/enabled"],
    ["read /proc/self/maps", "write /proc/sys/vm/overcommit_memory", "listen tcp 6379"],
  ],
  syslog: [
    ["connect unix /run/systemd/journal/dev-log"],
    ["connect unix /run/systemd/journal/stdout", "write /var/log/syslog"],
  ],
  "tcp-wrappers": [
    ["read /etc/hosts.allow", "read /etc/hosts.deny"],
    ["write /etc/hosts.allow", "read /etc/hosts"],
  ],
  "tls-certificates": [
    ["read /etc/ssl/certs/ca-certificates.crt", "read /etc/ssl/openssl.cnf"],
    ["read /etc/ssl/private/key.pem", "write /etc/ssl/certs/x.pem"],
  ],
  "tls-server-keys": [
    ["read /etc/ssl/private/key.pem", "read /etc/letsencrypt/live/a/privkey.pem"],
    ["write /etc/ssl/private/key.pem", "read /etc/letsencrypt/accounts/a", "read /etc/ssh/key"],
  ],
  "web-server": [
    ["listen tcp 80", "listen tcp 443", "capability net_bind_service"],
    ["listen tcp 8080", "listen udp 443", "connect tcp 10.0.0.1:80", "read /var/www/index.html"],
  ],
  "without-cloud-keys": [
    [],
    ["connect tcp 10.0.0.1:80", "connect tcp 169.254.169.254:53"],
    [
      ...["connect tcp 169.254.169.254:80", "connect tcp 169.254.170.2:80"],
      ...["connect tcp [fd00:ec2::254]:80", "connect tcp [fd20:ce::254]:80"],
      ...["connect tcp 168.63.129.16:32526", "connect tcp 100.100.100.200:80"],
      ...["connect tcp 192.0.0.192:80", "connect tcp [fd00:c1::a9fe:a9fe]:80"],
      ...["connect tcp [fd00:42::42]:80", "connect tcp [fd00:a9fe:a9fe::1]:80"],
    ],
  ],
  "without-dbus": [[], [], ["connect unix /run/dbus/system_bus_socket"]],
  "without-dotfiles": [
    [],
    ["read /home/alice/letter"],
    ["read /home/alice/.ssh", "write /home/alice/.ssh/authorized_keys"],
  ],
  "without-libcap": [[], [], ["read /proc/sys/kernel/cap_last_cap"]],
  "without-ngroups": [[], ["capability setgid"], ["read /proc/sys/kernel/ngroups_max"]],
  "without-nscd": [[], ["read /etc/passwd"], ["connect unix /run/nscd/socket"]],
  "without-overcommit": [[], [], ["read /proc/sys/vm/overcommit_memory"]],
  "without-selinux": [[], [], ["read /proc/filesystems", "read /proc/self/mounts"]],
};

const folder = join(clone, "domains/abstractions");

test("every abstraction is here", () => {
  const names = readdirSync(folder).map((name) => basename(name, ".yaml"));
  expect(Object.keys(abstractions).sort()).toEqual(names.sort());
});

test.for(Object.entries(abstractions))(
  "%s grants what it says",
  ([name, [grants, refuses, denies]]) => {
    const scratch = scratchFolder("abstraction");
    cpSync(folder, join(scratch, "abstractions"), { recursive: true });
    const file = join(scratch, "alone.yaml");
    writeFileSync(file, `include: [${name}]\n`);
    const { policy } = loadPolicy(file, { vocabulary: vocabulary() });
    if (policy === null) throw new Error(`include: [${name}] is no policy`);
    const answer = (text: string) => decide(policy, parseRequest(text.split(" "), written));
    const isGranted = (text: string): boolean => answer(text).outcome === "granted";
    expect(grants.filter((text) => !isGranted(text))).toEqual([]);
    expect(refuses.filter(isGranted)).toEqual([]);
    const isDenied = (text: string): boolean =>
      answer(text).outcome === "denied" && answer(text).by !== null;
    expect((denies ?? []).filter((text) => !isDenied(text))).toEqual([]);
  },
);
