import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Event } from "../../src/events/event.ts";

/** A daemon, and what an administrator and a client do with it. */
export interface Daemon {
  /** Of its domain; of its unit and its package too, unless these have others. */
  readonly name: string;
  readonly unit?: string;
  /** null: what it runs is in no package. */
  readonly package?: string | null;
  readonly program: string;
  /** In bash, before its first start; empty where Debian's own configuration is enough. */
  readonly configure: string;
  /** In bash, a client's work; its output contains `answer`. */
  readonly client: string;
  readonly answer: string;
  /**
   * In bash, the work of a client of the network at `address`, whose output contains `answer`: of a
   * daemon that serves whatever addresses the host gets.
   */
  readonly overNetwork?: (address: string) => { readonly client: string; readonly answer: string };
  /** In bash; what it prints is another after each reload that has succeeded. */
  readonly reloaded?: string;
  /** The configuration of logrotate for what it writes itself, if it does. */
  readonly logrotate: string | null;
  /**
   * What its policy does not grant and it does without, as events say it, with N for the number of
   * a thread.
   */
  readonly refused: readonly string[];
  /** Of these, in the words of `ready`: what no rule can be about. */
  readonly unruled?: readonly string[];
}

const NSCD = "connect /var/run/nscd/socket";
/** Without a unix socket in the policy, the question to nscd ends here. */
const UNIX = ["create a unix socket"];
const GROUPS = "read /proc/sys/kernel/ngroups_max";

const ask = (port: number, words: string, address = "127.0.0.1"): string =>
  `exec 3<>/dev/tcp/${address}/${port}; printf '${words}' >&3; timeout 20 cat <&3`;
const PAGE = "GET /life.txt HTTP/1.0\\r\\n\\r\\n";
/** Another host of that network. */
export const CLIENT = "198.51.100.100";
/** The host's interface to its network. */
export const INTERFACE = "life0";

/** Of the host's newest PostgreSQL. */
const clusters = "/etc/postgresql";
const [version = "17"] = existsSync(clusters)
  ? readdirSync(clusters).sort((a, b) => Number(b) - Number(a))
  : [];

const key = "/srv/life-key";
/** A command as the user life, over the network. */
const sessionAt = (address: string): readonly string[] => [
  ...["ssh", "-i", key, "-oBatchMode=yes", "-oStrictHostKeyChecking=no"],
  ...["-oUserKnownHostsFile=/dev/null", "-oLogLevel=ERROR", `life@${address}`],
];
export const session = sessionAt("127.0.0.1");

export const daemons: readonly Daemon[] = [
  {
    name: "dnsmasq",
    // The package dnsmasq-base has the daemon without its unit.
    program: "/usr/share/dnsmasq/systemd-helper",
    // Whom it must ask it learns from resolv.conf alone.
    configure: `
      printf '%s\n' listen-address=127.0.0.1 interface=${INTERFACE} bind-dynamic \
        address=/own.life.test/192.0.2.7 >/etc/dnsmasq.d/life.conf
      echo nameserver 127.0.0.2 >/etc/resolv.conf`,
    client: `node "${import.meta.dirname}/ask-dns.mjs"`,
    answer: "192.0.2.7 192.0.2.7 192.0.2.9",
    overNetwork: (address) => ({
      client: `node "${import.meta.dirname}/ask-dns.mjs" ${address}`,
      answer: "192.0.2.7 192.0.2.7",
    }),
    logrotate: null,
    refused: [NSCD, "read /proc/self/fd", "read /proc/filesystems"],
  },
  {
    name: "memcached",
    program: "/usr/bin/memcached",
    configure: "",
    client: ask(11211, "set a 0 0 2\\r\\nhi\\r\\nget a\\r\\nquit\\r\\n"),
    answer: "VALUE a 0 2\r\nhi",
    logrotate: null,
    refused: [NSCD, ...UNIX, "read /proc/self/task/N/comm", "write /proc/self/task/N/comm"],
  },
  {
    name: "mosquitto",
    program: "/usr/sbin/mosquitto",
    configure: "",
    client: "mosquitto_pub -t life -m kept -r && mosquitto_sub -t life -C 1 -W 20",
    answer: "kept",
    logrotate: "/etc/logrotate.d/mosquitto",
    // Where the first is refused, libselinux looks at the second.
    refused: [NSCD, GROUPS, "read /proc/filesystems", "read /proc/self/mounts"],
  },
  {
    name: "nginx",
    program: "/usr/sbin/nginx",
    configure: "echo 'a page' >/var/www/html/life.txt",
    client: ask(80, PAGE),
    answer: "a page",
    overNetwork: (address) => ({ client: ask(80, PAGE, address), answer: "a page" }),
    // Its workers, which it makes as a user that it looks up.
    reloaded: 'pid=$(cat /run/nginx.pid); cat "/proc/$pid/task/$pid/children"',
    logrotate: "/etc/logrotate.d/nginx",
    refused: [NSCD, ...UNIX, GROUPS],
  },
  {
    name: "postgres",
    unit: `postgresql@${version}-main`,
    package: `postgresql-${version}`,
    program: `/usr/lib/postgresql/${version}/bin/postgres`,
    configure: "",
    // A query for which it starts workers and compiles.
    client: `runuser -u postgres -- psql -XAtq \
      -c 'create table if not exists life as select generate_series(1, 20000) i' \
      -c 'set parallel_setup_cost = 0; set min_parallel_table_scan_size = 0' \
      -c 'set parallel_tuple_cost = 0; set jit_above_cost = 0' \
      -c 'select sum(i) from life'`,
    answer: "200010000",
    logrotate: "/etc/logrotate.d/postgresql-common",
    refused: [
      NSCD,
      "read /proc/meminfo",
      "read /proc/sys/kernel/cap_last_cap",
      "write /proc/self/oom_score_adj",
    ],
  },
  {
    name: "sshd",
    unit: "ssh",
    package: "openssh-server",
    program: "/usr/sbin/sshd",
    configure: `
      useradd --create-home --shell /bin/bash life
      ssh-keygen -q -t ed25519 -N '' -f "${key}"
      install -D --owner=life --mode=0600 "${key}.pub" /home/life/.ssh/authorized_keys
      grep -q pam_systemd /etc/pam.d/common-session ||
        echo 'session optional pam_systemd.so' >>/etc/pam.d/common-session`,
    client: `${session.join(" ")} 'echo a session >kept && cat kept'`,
    answer: "a session",
    overNetwork: (address) => ({
      client: `${sessionAt(address).join(" ")} 'echo a session from "$SSH_CLIENT"'`,
      answer: `a session from ${CLIENT} `,
    }),
    logrotate: null,
    refused: [
      NSCD,
      "call keyctl",
      "prlimit64 the limit of core files",
      "read /run/systemd/userdb",
      ...["Multiplexer", "DynamicUser"].map(
        (service) => `connect /run/systemd/userdb/io.systemd.${service}`,
      ),
      // pam_systemd; at warning it reaches logind.
      "listen @N/bus/sshd-session/system",
      "connect /run/dbus/system_bus_socket",
      "read /proc/sys/kernel/random/boot_id",
      "use net_admin for setsockopt(SOL_SOCKET, SO_RCVBUFFORCE)",
      "use net_admin for setsockopt(SOL_SOCKET, SO_SNDBUFFORCE)",
      // It gains nothing: sshd runs it as root.
      "execute set-user-id program /usr/sbin/unix_chkpwd",
    ],
    unruled: [
      "prlimit64 the limit of core files",
      "execute set-user-id program /usr/sbin/unix_chkpwd",
    ],
  },
  {
    name: "redis-server",
    program: "/usr/bin/redis-server",
    configure: "",
    client: "redis-cli set life kept && redis-cli save && redis-cli get life",
    answer: "OK\nOK\nkept",
    logrotate: "/etc/logrotate.d/redis-server",
    refused: [],
  },
  {
    name: "notes",
    package: null,
    program: process.execPath,
    configure: `
      cd "${join(import.meta.dirname, "notes")}"
      mkdir -p /opt/notes /etc/cofferdam/domains
      install --mode=0644 notes.mjs /opt/notes
      install --mode=0644 notes.service /etc/systemd/system
      install --mode=0644 notes.yaml /etc/cofferdam/domains
      install --mode=0644 notes.logrotate /etc/logrotate.d/notes`,
    client: "curl --silent --max-time 20 --data 'a note' http://127.0.0.1:8080/",
    answer: "kept a note, cached a note",
    logrotate: "/etc/logrotate.d/notes",
    refused: [
      NSCD,
      ...UNIX,
      "call pkey_alloc",
      "read /proc/self/cgroup",
      "read /proc/self/maps",
      "read /proc/meminfo",
    ],
  },
];

export const unitOf = ({ name, unit = name }: Daemon): string => unit;

export const packageOf = (daemon: Daemon): string | null =>
  daemon.package === undefined ? daemon.name : daemon.package;

export const present = daemons.filter(({ program }) => existsSync(program));

/** Operation and object as `refused` lists them: numbers of processes, and of logins, are alike. */
export function numberless({ operation, object }: Pick<Event, "operation" | "object">): string {
  return `${operation} ${object
    .replace(/^\/proc\/\d+/, "/proc/self")
    .replace(/(\/task)\/\d+/, "$1/N")
    .replace(/@[0-9a-f]+\//, "@N/")}`;
}
