import { type Daemon, readDaemon } from "../library/daemon.ts";
import { daemons as longLived } from "../life/daemons.ts";

/** A daemon that comes from nothing to level enforcing, and what its policy is held against. */
export interface Subject {
  readonly daemon: Daemon;
  /** The policy that a person wrote for it: shipped, its own, or in by-hand/. */
  readonly byHand: string;
  /**
   * Dangerous lines that a person takes, since the daemon's task is impossible without them. A line
   * of `suggest` that none of these matches stays out.
   */
  readonly taken: readonly RegExp[];
  /** Units that its client needs beside it. */
  readonly besides: readonly string[];
}

const file = (text: string, path: string): string => `printf '%s' '${text}' >${path}`;

/** Debian's, configured as they are in no other test. */
const others: readonly Daemon[] = [
  {
    name: "rsync",
    unit: "rsync",
    upgrade: "rsync",
    program: "/usr/bin/rsync",
    configure: `
      mkdir -p /srv/data /etc/systemd/system
      echo 'a file' >/srv/data/file
      ${file(
        "uid = nobody\ngid = nogroup\nuse chroot = no\n[data]\npath = /srv/data\nread only = yes\n",
        "/etc/rsyncd.conf",
      )}`,
    client: "cd / && rsync --timeout=20 rsync://127.0.0.1/data/file /srv/copy && cat /srv/copy",
    answer: "a file",
    logrotate: null,
    refused: [],
    unruled: [],
  },
  {
    name: "lighttpd",
    unit: "lighttpd",
    upgrade: "lighttpd",
    program: "/usr/sbin/lighttpd",
    // Debian's configuration runs scripts through a shell to find types of files.
    configure: `
      sed -i /^include_shell/d /etc/lighttpd/lighttpd.conf
      echo 'a page' >/var/www/html/afternoon.txt`,
    client: "curl --silent --fail --max-time 20 http://127.0.0.1/afternoon.txt",
    answer: "a page",
    logrotate: "/etc/logrotate.d/lighttpd",
    refused: [],
    unruled: [],
  },
  {
    name: "haproxy",
    unit: "haproxy",
    upgrade: "haproxy",
    program: "/usr/sbin/haproxy",
    // It answers itself, so that no other server is needed.
    configure: `
      sed -i /chroot/d /etc/haproxy/haproxy.cfg
      printf '%s\n' 'frontend front' '  bind 127.0.0.1:8090' \
      '  http-request return status 200 content-type text/plain string "an answer"' \
      >>/etc/haproxy/haproxy.cfg`,
    client: "curl --silent --fail --max-time 20 http://127.0.0.1:8090/",
    answer: "an answer",
    logrotate: "/etc/logrotate.d/haproxy",
    refused: [],
    unruled: [],
  },
];

const takenOf: Readonly<Record<string, readonly RegExp[]>> = {
  // rndc, which the unit reloads it by, shows this key.
  named: [/^files r \/etc\/bind\/rndc\.key$/],
  // Debian's pg_ctl starts the server through a shell.
  postgres: [/^files rx \/usr\/bin\/dash$/],
  // It proves the host, knows its users and gives them a shell.
  sshd: [
    /^files r \/etc\/ssh\/ssh_host_\w+_key$/,
    /^files r \/etc\/shadow$/,
    // It acts as the group shadow, and PAM asks it whether an account has expired.
    /^files rx \/usr\/sbin\/unix_chkpwd$/,
    /^files rx \/usr\/bin\/(?:ba|da)sh$/,
    /^files \w+ \/home\/life\//,
    /^syscalls chroot$/,
    /^network (?:netlink audit|listen tcp \S*22)$/,
  ],
};

/** Of the library, as they are there. */
const ofLibrary = ["valkey-server", "named", "nats-server"].map(readDaemon);

export const subjects: readonly Subject[] = [...longLived, ...others, ...ofLibrary].map(
  (daemon) => ({
    daemon,
    byHand: `${daemon.name}.yaml`,
    taken: takenOf[daemon.name] ?? [],
    besides: daemon.name === "notes" ? ["memcached"] : [],
  }),
);
