import type { CatalogueEntry } from "./entry.ts";

/** 20xx: a valid policy, compared with the host. */
export const checkEntries = {
  "duplicate-rule": {
    code: "CFD2001",
    severity: "warning",
    title: "rule twice",
    message: "`{rule}` says the same as line {line} of {file}",
    fix: "remove one of them",
    explanation: "Repeating a rule changes nothing.",
    example: "files: [r /etc/hosts, r /etc/hosts]",
  },
  "covered-rule": {
    code: "CFD2002",
    severity: "warning",
    title: "rule covered by another",
    message: "`{rule}` is covered by `{other}` in line {line} of {file}",
    fix: "remove it, or narrow the other one",
    explanation:
      "Without the rule nothing would change. Perhaps the other rule is wider than you meant.",
    example: "files: [r /etc/nginx/**, r /etc/nginx/nginx.conf]",
  },
  "denied-rule": {
    code: "CFD2003",
    severity: "warning",
    title: "grant wholly denied",
    message: "`{rule}` grants nothing: `deny` in line {line} of {file} covers all of it",
    fix: "remove the grant, or narrow `{other}`",
    explanation: "Deny beats allow, whatever the order. There is no exception to a denial.",
    example: "files: [r /etc/nginx/key.pem, deny r /etc/nginx/**]",
  },
  "path-missing": {
    code: "CFD2004",
    severity: "warning",
    title: "path does not exist",
    message: "`{path}` does not exist on this host",
    fix: "correct it, or remove the rule",
    explanation:
      "A sealed domain can reach only names that exist when it starts, so a rule for a missing " +
      "name grants nothing, unless the policy says `late-names: brokered`. The name may also be " +
      "misspelt: ESXi shipped a rule for `/etc/locatime` for years.",
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
      "The kernel cannot grant a directory and exclude one name in it. So the compiler grants " +
      "each other child of the directory by itself, which is possible only for children that " +
      "exist at the start.",
    example: "files: [r /srv/www/**, deny r /srv/www/secret]",
  },
  "listing-lost": {
    code: "CFD2006",
    severity: "warning",
    title: "directory cannot be listed",
    message: "`{folder}` cannot be listed, because {cause}",
    fix: "grant reading everything below it, or keep what is not granted out of the directory",
    explanation:
      "In the kernel, the right to list a directory includes every subdirectory, so a " +
      "directory gets it only if the policy grants reading everything below. The same holds " +
      "for making and removing names; the mediator then does both.",
    example: "files: [r /srv/www/**, deny r /srv/www/private/**]",
  },
  "procfs-lost": {
    code: "CFD2048",
    severity: "warning",
    title: "grant below /proc that has no effect",
    message: "a sealed domain {what} nothing by `{rule}`: {cause}",
    fix: "a sealed domain reads all of /proc or nothing; else write `mediation: supervised`",
    explanation:
      "Kernel rules on names inside a procfs do not last, because its files come and go with " +
      "processes. So a sealed domain may read all of it or nothing: a grant to read one name " +
      "opens all of them, a denial below closes all of them, and nothing is written by name. " +
      "At level warning, and in a supervised domain, each name is judged by itself.",
    example: "files: [r /proc/kmsg, deny r /proc/self/maps]",
  },
  "wide-write": {
    code: "CFD2007",
    severity: "warning",
    title: "grant that is too wide for writing",
    message: "`{rule}` lets the daemon change files of other programs in `{folder}`",
    fix: "grant a folder of its own, for example {base}/{domain}/**",
    explanation:
      "An attacker who has taken over the daemon could change programs, configuration and " +
      "secrets of other daemons, and so take these over.",
    example: "files: [rw /run/**]",
  },
  "wide-read": {
    code: "CFD2008",
    severity: "warning",
    title: "grant to read everything",
    message: "`{rule}` lets the daemon read all of `{folder}`, secrets included",
    fix: "name the folders that it needs",
    explanation:
      "An attacker who has taken over the daemon could read every key and password on the host.",
    example: "files: [r /**]",
  },
  "write-and-execute": {
    code: "CFD2009",
    severity: "warning",
    title: "writable and executable",
    message: "`{rule}` lets the daemon run what it can write through `{other}`",
    fix: "remove one of the two",
    explanation: "An attacker could write a program and run it.",
    example: "files: [rwx /srv/app/**]",
  },
  "foreign-files": {
    code: "CFD2010",
    severity: "warning",
    title: "writes files of another domain",
    message: "`{rule}` reaches `{path}`, which the domain `{domain}` {use}",
    fix: "grant names that no other daemon relies on, or deny that path",
    explanation:
      "A daemon that can change another daemon's configuration or program can take over that " +
      "daemon.",
    example: "files: [w /etc/nginx/**] (in redis.yaml)",
  },
  "own-places": {
    code: "CFD2011",
    severity: "error",
    title: "reaches Cofferdam itself",
    message: "`{rule}` reaches `{path}`, which belongs to Cofferdam",
    fix: "remove it: no domain may touch what confines it",
    explanation:
      "Every domain is denied Cofferdam's own files, whatever its policy grants. A grant that " +
      "names one is a mistake.",
    example: "files: [w /etc/cofferdam/**]",
  },
  "host-switch": {
    code: "CFD2031",
    severity: "warning",
    title: "switch of the kernel",
    message:
      "`{rule}` does not grant `{path}`, which makes the kernel run programs or code outside " +
      "every domain",
    fix: "name what the daemon needs to write, and leave such switches to the administrator",
    explanation:
      "A process that writes a path into core_pattern, modprobe or uevent_helper has the kernel " +
      "start that program as root, in no domain. No domain may change such files, whatever its " +
      "policy grants. A sealed domain can then write nothing below /proc, because a kernel " +
      "rule covers all of a procfs.",
    example: "files: [w /proc/sys/**]",
  },
  "core-dumps": {
    code: "CFD2032",
    severity: "warning",
    title: "crash that reaches outside the domain",
    message: "a crash of the daemon {crash}, whatever is granted",
    fix: "{fix}",
    explanation:
      "After a crash the kernel acts, and no grant applies. An attacker who has taken over the " +
      "daemon chooses the time, the folder and the bytes. Without `core-dumps: allowed` the " +
      "limit of core files is one byte: the kernel then writes no file and starts no program. " +
      "It ignores the limit only for a core_pattern that begins with `@`.",
    example: "core-dumps: allowed",
  },
  "single-file": {
    code: "CFD2012",
    severity: "warning",
    title: "grant that a replacement breaks",
    message: "`{path}` is granted as a single file and is lost to the domain when it is replaced",
    fix: "grant its folder: {rule}",
    explanation:
      "In a sealed domain the grant applies to the file, not to its name. Editors, package " +
      "updates and certificate renewals write a new file and rename it over the old one; the " +
      "domain is refused the new file until it is restarted. With `late-names: brokered` the " +
      "mediator opens the new file.",
    example: "files: [r /etc/ssl/private/site.pem]",
  },
  "pinned-file": {
    code: "CFD2024",
    severity: "info",
    title: "files of shared folders",
    message: "{files}: granted as they are at the start; a replacement is refused until a restart",
    fix: "restart the domain when one was replaced; granting the whole folder would be too much",
    explanation:
      "See CFD2012. Many programs share the folder of such a file, so `check` does not propose " +
      "to grant the whole folder. One line stands for all such files of a policy, those of its " +
      "abstractions included.",
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
      "not a whole directory stands for the files that match it at the start. With " +
      "`late-names: brokered` the mediator opens those that are made later.",
    example: 'files: ["r /var/log/nginx/*.log"]',
  },
  "needs-jit": {
    code: "CFD2039",
    severity: "warning",
    title: "program that compiles into memory",
    message: "`{program}` makes code in memory, which this domain may not run",
    fix: "add `memory: [jit]`, or switch its compiler off and keep the domain as it is",
    explanation:
      "Without `jit` the kernel refuses memory that is written and then executed. Programs with " +
      "a just-in-time compiler end at their start or become slow. `check` recognises " +
      "such programs by their names.",
    example: "files: [rx /usr/bin/node]",
  },
  "executable-stack": {
    code: "CFD2040",
    severity: "warning",
    title: "program with an executable stack",
    message: "`{program}` has an executable stack: it runs what is written there, without `jit`",
    fix:
      "build it without one (`-z noexecstack`), or clear the flag" +
      " (`patchelf --clear-execstack`)",
    explanation:
      "The kernel maps the stack of such a program as writable and executable before the program " +
      "makes its first call, so that no rule about memory applies to it.",
    example: "files: [rx /opt/old/daemon]",
  },
  "needs-memfd": {
    code: "CFD2041",
    severity: "warning",
    title: "memfd_create is listed and refused",
    message: "`memfd_create` is refused although it is listed",
    fix: "add `memory: [memfd]`, or remove the call",
    explanation:
      "A file in memory has no name that a rule could deny, and can be mapped as code. So the " +
      "policy must grant both the call and the word `memfd`.",
    example: "syscalls: [memfd_create]",
  },
  "link-not-followed": {
    code: "CFD2043",
    severity: "warning",
    title: "grant through a link that is not followed",
    message: "`{rule}` does not follow the link `{link}`, which {who} can put elsewhere",
    fix: "grant the name that the link leads to",
    explanation:
      "A rule applies to the file that its name leads to when the policy is loaded. If the " +
      "domain may make the link or a folder above it, or if one of them belongs to a user other " +
      "than root and the caller, an attacker could make the link lead to any file. So the rule " +
      "applies to the link's own name. Denials follow every link.",
    example: "files: [rwcd /var/lib/web/**, r /var/lib/web/current/site.conf]",
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
    title: "programs end without a message",
    message:
      "almost no program can start without these system calls, which are not granted: {calls}",
    fix: 'write `syscalls: ["@system-service"]`',
    explanation:
      "The dynamic loader opens, reads and maps libraries before the program's own code runs. " +
      "If it cannot, the program ends with status 127 and no message.",
    example: "syscalls: [execve]",
  },
  "no-output": {
    code: "CFD2037",
    severity: "info",
    title: "the daemon's output is lost",
    message:
      "standard input, output and error are not inherited: the daemon gets /dev/null instead",
    fix:
      "if the daemon prints anything, write `inherit: [stdio]`, and under systemd also " +
      "`stdio-sockets`",
    explanation:
      "A daemon keeps only the descriptors that its policy grants. Without this grant its " +
      "messages are lost, also the one that says why it does not start.",
    example: "inherit: []",
  },
} as const satisfies Record<string, CatalogueEntry>;
