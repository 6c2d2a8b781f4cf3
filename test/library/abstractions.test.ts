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
  "name-service": [
    ["read /etc/resolv.conf", "read /etc/passwd", "connect udp 10.0.0.1:53", "netlink route"],
    ["write /etc/resolv.conf", "connect udp 10.0.0.1:123", "listen udp 53", "netlink audit"],
  ],
  notify: [
    ["connect unix /run/systemd/notify"],
    ["connect unix /run/systemd/private", "listen unix /run/systemd/notify"],
  ],
  openssl: [
    ["read /etc/ssl/openssl.cnf"],
    ["read /etc/ssl/private/key.pem", "read /etc/ssl/certs/ca-certificates.crt"],
  ],
  pam: [
    ["read /etc/shadow", "read /etc/pam.d/common-auth", "execute /usr/sbin/unix_chkpwd"],
    ["write /etc/shadow", "write /etc/pam.d/common-auth", "netlink audit", "execute /usr/bin/su"],
  ],
  "prometheus-client": [[], ["listen tcp 9090"], ["read /proc/self/stat", "read /proc/stat"]],
  python: [
    ["execute /usr/bin/python3.13", "read /usr/lib/python3/dist-packages/yaml/__init__.py"],
    [
      ...["write /usr/lib/python3/dist-packages/x.py", "execute /usr/bin/dash"],
      ...["read /srv/app/app.py"],
    ],
  ],
  syslog: [
    ["connect unix /run/systemd/journal/dev-log"],
    ["connect unix /run/systemd/journal/stdout", "write /var/log/syslog"],
  ],
  "tls-certificates": [
    ["read /etc/ssl/certs/ca-certificates.crt", "read /etc/ssl/openssl.cnf"],
    ["read /etc/ssl/private/key.pem", "write /etc/ssl/certs/x.pem"],
  ],
  "tls-server-keys": [
    ["read /etc/ssl/private/key.pem", "read /etc/letsencrypt/live/a/privkey.pem"],
    ["write /etc/ssl/private/key.pem", "read /etc/letsencrypt/accounts/a", "read /etc/ssh/key"],
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
  "without-nscd": [[], ["read /etc/passwd"], ["connect unix /run/nscd/socket"]],
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
