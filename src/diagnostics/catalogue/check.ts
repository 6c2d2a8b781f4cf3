import type { CatalogueEntry } from "./entry.ts";

/** 20xx: a policy that means something, seen on a host. */
export const checkEntries = {
  "duplicate-rule": {
    code: "CFD2001",
    severity: "warning",
    title: "rule twice",
    message: "`{rule}` says the same as line {line} of {file}",
    fix: "take one of them out",
    explanation: "Repeating a rule changes nothing.",
    example: "files: [r /etc/hosts, r /etc/hosts]",
  },
  "covered-rule": {
    code: "CFD2002",
    severity: "warning",
    title: "rule covered by another",
    message: "`{rule}` is covered by `{other}` in line {line} of {file}",
    fix: "take it out, or narrow the other one",
    explanation:
      "The rule could be taken out without any change; perhaps the other one is wider than meant.",
    example: "files: [r /etc/nginx/**, r /etc/nginx/nginx.conf]",
  },
  "denied-rule": {
    code: "CFD2003",
    severity: "warning",
    title: "grant wholly denied",
    message: "`{rule}` grants nothing: `deny` in line {line} of {file} takes all of it",
    fix: "take the grant out, or narrow `{other}`",
    explanation: "Deny beats allow, whatever the order. There is no exception to a denial.",
    example: "files: [r /etc/nginx/key.pem, deny r /etc/nginx/**]",
  },
  "path-missing": {
    code: "CFD2004",
    severity: "warning",
    title: "path does not exist",
    message: "`{path}` does not exist on this host",
    fix: "correct it, or take the rule out",
    explanation:
      "A sealed domain has the names that exist when it starts, so a rule for a missing name " +
      "grants nothing. The system whose idea Cofferdam follows shipped a rule for " +
      "`/etc/locatime` for years.",
    example: "files: [r /etc/locatime]",
  },
  "denied-later-name": {
    code: "CFD2005",
    severity: "warning",
    title: "denial of a name that does not exist",
    message:
      "`{path}` is denied and does not exist yet, so names made later in `{folder}` are not " +
      "reached until a restart",
    fix: "make it before the start, or deny a folder of its own",
    explanation:
      "The kernel cannot grant a directory except for one name. A directory with a denied " +
      "name is granted child by child, with those that exist at the start.",
    example: "files: [r /srv/www/**, deny r /srv/www/secret]",
  },
  "listing-lost": {
    code: "CFD2006",
    severity: "warning",
    title: "directory cannot be listed",
    message: "`{folder}` cannot be listed, because {cause}",
    fix: "grant reading everything below it, or keep what is not granted out of the directory",
    explanation:
      "The right to list reaches every subdirectory in the kernel, so a directory gets it " +
      "only if everything below may be read. The same holds for making and removing names, " +
      "which the broker then does.",
    example: "files: [r /srv/www/**, deny r /srv/www/private/**]",
  },
  "wide-write": {
    code: "CFD2007",
    severity: "warning",
    title: "grant to change far too much",
    message: "`{rule}` lets the daemon change files of others in `{folder}`",
    fix: "grant a folder of its own, for example {base}/{domain}/**",
    explanation:
      "A break-in reaches whatever the daemon may write: programs, configuration and secrets " +
      "of others, and through them other daemons.",
    example: "files: [rw /run/**]",
  },
  "wide-read": {
    code: "CFD2008",
    severity: "warning",
    title: "grant to read everything",
    message: "`{rule}` lets the daemon read all of `{folder}`, secrets included",
    fix: "name the folders that it needs",
    explanation: "A break-in could read every key and password on the host.",
    example: "files: [r /**]",
  },
  "write-and-execute": {
    code: "CFD2009",
    severity: "warning",
    title: "writable and executable",
    message: "`{rule}` lets the daemon run what it can write through `{other}`",
    fix: "take one of the two away",
    explanation: "A break-in could bring its own program.",
    example: "files: [rwx /srv/app/**]",
  },
  "foreign-files": {
    code: "CFD2010",
    severity: "warning",
    title: "writes files of another domain",
    message: "`{rule}` reaches `{path}`, which the domain `{domain}` {use}",
    fix: "grant names that no other daemon relies on, or deny that path",
    explanation:
      "Writing what another daemon reads as its configuration or runs as its program is a way " +
      "from one domain into the other.",
    example: "files: [w /etc/nginx/**] (in redis.yaml)",
  },
  "own-places": {
    code: "CFD2011",
    severity: "error",
    title: "reaches Cofferdam itself",
    message: "`{rule}` reaches `{path}`, which belongs to Cofferdam",
    fix: "take it out: no domain may touch what confines it",
    explanation:
      "The places of Cofferdam are denied to every domain, whatever it grants. A grant that " +
      "names one is a mistake.",
    example: "files: [w /etc/cofferdam/**]",
  },
  "host-switch": {
    code: "CFD2031",
    severity: "warning",
    title: "switch of the kernel",
    message:
      "`{path}` stays out of `{rule}`: it makes the kernel run programs or code outside every " +
      "domain",
    fix: "name what the daemon needs to write, and leave such switches to the administrator",
    explanation:
      "Whoever writes a path into core_pattern, modprobe or uevent_helper has the kernel " +
      "start that program as root, in no domain. No domain may change such files, whatever " +
      "it grants. In a sealed domain nothing of a procfs can be written then, since kernel " +
      "rules hold on all of it.",
    example: "files: [w /proc/sys/**]",
  },
  "core-dumps": {
    code: "CFD2032",
    severity: "warning",
    title: "crash that reaches outside the domain",
    message: "a crash of the daemon {crash}, whatever is granted",
    fix: "{fix}",
    explanation:
      "The kernel, not the daemon, acts at a crash, so that no grant is asked about: a daemon" +
      " that was taken over chooses moment, folder and bytes. Without `core-dumps: allowed` " +
      "its limit is one byte, at which the kernel writes no file and starts no program; only a " +
      "core_pattern that begins with `@` sends to its socket whatever the limit.",
    example: "core-dumps: allowed",
  },
  "single-file": {
    code: "CFD2012",
    severity: "warning",
    title: "grant that a replacement breaks",
    message: "`{path}` is granted as a single file and is lost to the domain when it is replaced",
    fix: "grant its folder: {rule}",
    explanation:
      "A sealed domain holds the file, not the name. Editors, package updates and certificate " +
      "renewals write a new file and rename it over the old one; the domain is refused the " +
      "new one until it is restarted.",
    example: "files: [r /etc/ssl/private/site.pem]",
  },
  "pinned-file": {
    code: "CFD2024",
    severity: "info",
    title: "files of shared folders",
    message:
      "{files}: as they are at the start; a file that replaces one is not reached until a restart",
    fix: "restart the domain when one was replaced; granting the whole folder would be too much",
    explanation:
      "See CFD2012. The folder is shared by many programs, so that it is not proposed as a " +
      "whole. One line stands for all such files of a policy, those of its abstractions " +
      "included.",
    example: "files: [r /etc/hosts]",
  },
  "late-names": {
    code: "CFD2013",
    severity: "info",
    title: "files made later are not covered",
    message: "files made by others later that match `{pattern}` are not reached until a restart",
    fix: "grant the folder: {rule}",
    explanation:
      "The kernel grants directories or the files that exist at the start. A pattern that is " +
      "not a whole directory stands for the files that match it at the start.",
    example: 'files: ["r /var/log/nginx/*.log"]',
  },
  "no-loader": {
    code: "CFD2035",
    severity: "warning",
    title: "dynamically linked programs do not start",
    message: "the dynamic loader `{path}` is not granted ({operations})",
    fix: "write `include: [base]`, unless the daemon is a static program",
    explanation:
      "The kernel starts the loader before nearly every program, and the loader opens the C " +
      "library. Without them an execution fails with `No such file or directory` or " +
      "`Permission denied`, whatever else is granted.",
    example: "files: [rx /usr/sbin/nginx]",
  },
  "no-start-calls": {
    code: "CFD2036",
    severity: "warning",
    title: "programs end before they can say a word",
    message: "nearly no program starts without these system calls, which are not granted: {calls}",
    fix: 'write `syscalls: ["@system-service"]`',
    explanation:
      "The dynamic loader opens, reads and maps libraries before the program's own code runs. " +
      "Where it may not, the program ends with status 127, and it cannot write why.",
    example: "syscalls: [execve]",
  },
  "no-output": {
    code: "CFD2037",
    severity: "info",
    title: "nothing that the daemon prints is seen",
    message:
      "standard input, output and error are not inherited: the daemon gets /dev/null instead",
    fix:
      "write `inherit: [stdio]`, and under systemd `stdio-sockets` too, where it prints " +
      "anything",
    explanation:
      "Open descriptors are grants like any other. A daemon that says on standard error why it " +
      "does not start says it to nobody.",
    example: "inherit: []",
  },
} as const satisfies Record<string, CatalogueEntry>;
