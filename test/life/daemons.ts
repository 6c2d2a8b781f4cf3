import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Daemon, readDaemon, withVersion } from "../library/daemon.ts";

/** A service of Node's, which is in no package. */
const notes: Daemon = {
  name: "notes",
  unit: "notes",
  upgrade: null,
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
    "connect /var/run/nscd/socket",
    "create a unix socket",
    "call pkey_alloc",
    "read /proc/self/cgroup",
    "read /proc/self/maps",
    "read /proc/meminfo",
  ].map((access) => ({ access, why: "Node works without" })),
  unruled: [],
};

/** Those of the library that set-up installs. */
const installed = [
  ...["dnsmasq", "memcached", "mosquitto", "nginx", "postgres", "sshd", "redis-server"],
].map((name) => withVersion(readDaemon(name)));

export const daemons: readonly Daemon[] = [...installed, notes];

/** Another host of the host's network. */
export const CLIENT = "198.51.100.100";
/** The host's interface to that network. */
export const INTERFACE = "life0";

/** A command as the user life, over the network. */
export const session: readonly string[] = [
  ...["ssh", "-i", "/srv/life-key", "-oBatchMode=yes", "-oStrictHostKeyChecking=no"],
  ...["-oUserKnownHostsFile=/dev/null", "-oLogLevel=ERROR", "life@127.0.0.1"],
];

export const present = daemons.filter(({ program }) => existsSync(program));
