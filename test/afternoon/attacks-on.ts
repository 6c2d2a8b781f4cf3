import type { BootedHost } from "../host/shell-sandbox/booted-host.ts";
import { HAND } from "./hide.ts";
import type { Programs } from "./on-host.ts";
import type { Result } from "./result.ts";

const CASES = "/usr/share/cofferdam/domains/cases";
const OWN_CASES = "/srv/afternoon-cases.yaml";

/** What no daemon is to have, beside the shipped cases of its own, as `explain` takes it. */
const attacks: readonly string[] = [
  "read /etc/shadow",
  "read /root/.ssh/id_rsa",
  "read /proc/1/environ",
  "write /etc/passwd",
  "create /etc/cron.d/x",
  "create /etc/ld.so.preload",
  "create /etc/systemd/system/x.service",
  "create /root/.ssh/authorized_keys",
  "create /var/spool/cron/crontabs/root",
  "write /usr/bin/env",
  "write /usr/lib/x86_64-linux-gnu/libc.so.6",
  "write /proc/sys/kernel/core_pattern",
  "execute /usr/bin/dash",
  "execute /tmp/x",
  "read /dev/mem",
  "listen tcp 4444",
  "connect tcp 127.0.0.1:22",
  "connect tcp 169.254.169.254:80",
  "connect udp 10.0.0.7:123",
  "connect unix /run/docker.sock",
  "connect unix /run/dbus/system_bus_socket",
  "connect unix /run/systemd/private",
  "netlink audit",
  "raw icmp",
  "packet",
  "vsock",
  ...["sys_admin", "sys_ptrace", "sys_module", "sys_rawio", "net_raw", "mknod", "bpf"].map(
    (name) => `capability ${name}`,
  ),
  // New namespaces, whatever the policy says of `unshare`, are in the battery of `probe`.
  ...["ptrace", "mount", "bpf", "init_module", "io_uring_setup"].map((name) => `syscall ${name}`),
  "memory jit",
  "memory memfd",
  "signal superDom",
];

interface Case {
  readonly case: string;
  readonly expected: string;
  readonly holds: boolean;
}

interface Attempt {
  readonly what: string;
  readonly outcome: string;
  readonly gap: boolean;
}

interface On {
  readonly host: BootedHost;
  readonly programs: Programs;
}

/** Programs of test/attacks that succeed under a policy; `only`: of these. */
function succeeding({ host, programs }: On, policy: string, only?: readonly string[]) {
  const words = only === undefined ? [] : [only.join(",")];
  const { status, out, err } = host.run("node", programs["attack-programs"], policy, ...words);
  if (status !== 0) throw new Error(`attacks under ${policy}: ${err}`);
  return JSON.parse(out) as { readonly tried: number; readonly open: readonly string[] };
}

/**
 * The programs of test/attacks under the drafted policy. What succeeds under the one by hand as
 * well is what that daemon is for.
 */
export function attacksByPrograms(on: On, policy: string, byHand: string): Result["attacks"] {
  const found = succeeding(on, policy);
  if (found.open.length === 0) return found;
  const hand = succeeding(on, `${HAND}/by-hand-${byHand}`, found.open);
  return { ...found, open: found.open.filter((one) => !hand.open.includes(one)) };
}

/**
 * The battery of `probe`, by the real kernel, and cases that must be denied, by `decide()`. What
 * the policy by hand allows is no attack on this daemon; without one, everything is.
 */
export function attacksOn(
  host: BootedHost,
  domain: string,
  byHand: string,
  taken: readonly string[],
): Result["attacks"] {
  const file = `${HAND}/by-hand-${byHand}`;
  const hand = allowed(host, ["--policy", file], byHand, taken);
  const draft = allowed(host, [domain], byHand, taken);
  const gaps = draft.gaps.map((what) => `${what}, which the policy does not grant`);
  const open = draft.open.filter((one) => !hand.open.includes(one));
  return { tried: draft.tried, open: [...open, ...gaps] };
}

function allowed(
  host: BootedHost,
  words: readonly string[],
  byHand: string,
  taken: readonly string[],
) {
  const shipped = host.run("cat", `${CASES}/${byHand}`).out;
  const denied = shipped.slice(shipped.indexOf("must-deny:")).match(/(?<=^ {2}- ).*$/gm) ?? [];
  const wanted = [...new Set([...attacks, ...denied])];
  host.sh(
    'printf "must-deny:\\n%s\\n" "$2" >"$1"',
    OWN_CASES,
    wanted.map((one) => `  - ${JSON.stringify(one)}`).join("\n"),
  );
  const tested = host.run("cofferdam", "test", ...words, "--cases", OWN_CASES, "--json");
  const [{ cases }] = JSON.parse(tested.out) as [{ readonly cases: readonly Case[] }];
  const probed = host.run("cofferdam", "probe", ...words, "--json");
  const { attempts } = JSON.parse(probed.out) as { readonly attempts: readonly Attempt[] };
  const possible = attempts.filter(({ outcome }) => outcome === "possible");
  return {
    tried: cases.length + attempts.length,
    open: [
      ...cases.filter(({ holds }) => !holds).map((one) => one.case),
      ...possible.filter(({ gap }) => !gap).map(({ what }) => what),
    ].filter((one) => !taken.some((line) => line.endsWith(` ${one}`))),
    gaps: possible.filter(({ gap }) => gap).map(({ what }) => what),
  };
}
