/** Names of one kind, and why a person should look at a line that grants them. */
export interface Place {
  readonly names: RegExp;
  readonly why: string;
}

const guests = /^\/var\/lib\/(?:kubelet|docker|containerd|lxd|incus|libvirt|cloud)(?:\/|$)/;

/** What is dangerous to read. */
export const secrets: readonly Place[] = [
  {
    names: /^\/etc\/(?:g?shadow|security\/opasswd)[^/]*$|^\/var\/backups(?:\/|$)/,
    why: "it holds the hashes of all passwords",
  },
  { names: /^\/etc\/ssh\/ssh_host_.*_key$/, why: "it is a secret key of this host" },
  { names: /^\/(?:root|home\/[^/]+)(?:\/|$)/, why: "it is in a user's home" },
  { names: /^\/run\/user(?:\/|$)/, why: "it belongs to the session of a user" },
  {
    names: /\/\.(?:ssh|gnupg|aws|azure|kube|docker)(?:\/|$)/,
    why: "keys of a user are kept there",
  },
  {
    names: /\/\.(?:netrc|pgpass|my\.cnf|git-credentials|\w*_history)$/,
    why: "it holds passwords of a user",
  },
  { names: /^\/etc\/(?:krb5\.keytab|sudoers|doas)/, why: "it decides who becomes root" },
  {
    // The state of a unit with DynamicUser=yes is in /var/lib/private.
    names: /(?<!^\/var\/(?:lib|cache|log))\/private\//,
    why: "its name says that secrets are there",
  },
  {
    names: /\.(?:key|p12|pfx|jks|keystore|keytab|kdbx)$|key[^/]*\.pem$/,
    why: "its name says that it is a secret key",
  },
  {
    names: /_(?:[dr]sa|ecdsa|ed25519)(?:_sk)?$/,
    why: "its name says that it is a secret key",
  },
  {
    names: /^\/etc\/(?:wireguard|ipsec|swanctl|ppp|openvpn|wpa_supplicant|cryptsetup-keys)/,
    why: "keys and passwords of networks and disks are kept there",
  },
  {
    names: /^\/etc\/(?:letsencrypt|kubernetes|credstore|NetworkManager\/system-connections)/,
    why: "keys and passwords of this host are kept there",
  },
  {
    names: /^\/run\/(?:credentials|secrets)(?:\/|$)/,
    why: "secrets of services are kept there",
  },
  {
    names: /^\/var\/lib\/systemd\/(?:coredump|credential\.secret)|^\/var\/crash(?:\/|$)/,
    why: "it holds the memory or the keys of other services",
  },
  { names: /^\/var\/(?:spool\/)?mail(?:\/|$)/, why: "users have their mail there" },
  {
    names: /^\/(?:backups?|\.snapshots|lost\+found)(?:\/|$)/,
    why: "copies of all files are there, secrets included",
  },
  { names: guests, why: "containers and machines keep their files and secrets there" },
  { names: /^\/var\/lib\/(?:sss|NetworkManager)\//, why: "secrets of services are kept there" },
  {
    names: /^\/(?:var|run)\/log\/(?:journal|audit|auth\.log|secure|btmp)/,
    why: "it records what others do",
  },
  {
    names: /^\/proc\/(?:kcore|kmem|kmsg|kallsyms|keys|key-users|kpage\w+|vmallocinfo|slabinfo)$/,
    why: "it shows the kernel's memory or keys",
  },
  {
    names: /^\/sys\/(?:kernel\/(?:debug|tracing|security)|fs\/(?:bpf|pstore))(?:\/|$)/,
    why: "it shows what the kernel and all processes do",
  },
  {
    names: /^\/proc\/\d+\/(?:task\/\d+\/)?(?:environ|mem|auxv|pagemap|stack|syscall)$/,
    why: "with it a process reads the secrets of others",
  },
  {
    names: /^\/proc\/\d+\/(?:task\/\d+\/)?(?:maps|smaps\w*|numa_maps|map_files)(?:\/|$)/,
    why: "with it a process reads where others have their memory",
  },
];

/**
 * What another program executes, loads or obeys. A person looks at each, so that this is wider than
 * what `reach` asserts (`host/reach/outside.ts`), and asks about one name, not about patterns.
 */
export const obeyed: readonly Place[] = [
  { names: /^\/(?:usr\/)?(?:local\/)?s?bin\//, why: "programs that root runs are there" },
  {
    names: /^\/(?:usr\/)?(?:local\/)?lib(?:32|64|x32|exec)?\/|\/lib\/modules\//,
    why: "programs load code from there",
  },
  { names: /^\/usr\/|^\/opt\/.*\/(?:s?bin|lib\w*)\//, why: "programs are there" },
  { names: /^\/etc\/(?:cron|anacrontab|init|rc|profile|bash|environment)/, why: "root runs it" },
  { names: /^\/var\/spool\/(?:cron|anacron|at|incron)/, why: "cron runs it" },
  {
    names: /^\/(?:etc|run)\/(?:systemd|udev|dbus-1|polkit-1)\/|^\/(?:run|dev)\/initctl$/,
    why: "systemd obeys it",
  },
  {
    names: /^\/etc\/(?:ld\.so|pam|security|sudoers|passwd|group|g?shadow|nsswitch)/,
    why: "every program trusts it",
  },
  {
    names: /^\/etc\/(?:apt|dpkg)\/|^\/var\/(?:lib|cache)\/(?:dpkg|apt)\//,
    why: "it decides what is installed",
  },
  { names: /^\/etc(?:\/|$)/, why: "programs of the whole host obey what is there" },
  {
    names: /^\/var\/lib\/(?:systemd|polkit-1|dbus|NetworkManager|snapd|flatpak)(?:\/|$)/,
    why: "services that act as root obey it",
  },
  {
    names: /^\/var\/lib\/(?:initramfs-tools|dkms|pam|ucf)(?:\/|$)|^\/run\/sudo(?:\/|$)/,
    why: "programs that root runs obey it",
  },
  { names: guests, why: "what root starts is there" },
  {
    names: /\/authorized_keys2?$|\/\.(?:bash|zsh|profile|login|pam_environment)[^/]*$/,
    why: "a login obeys it",
  },
  {
    names: /^\/var\/log\/(?:journal|audit|wtmp|btmp|lastlog|auth\.log|secure|syslog)/,
    why: "it records break-ins",
  },
  { names: /^\/(?:boot|efi)\//, why: "the next boot runs it" },
  { names: /^\/proc\/(?!(?:\d+|self|thread-self)\/)|^\/sys\//, why: "it changes the kernel" },
  {
    // pthread_setname_np(3) writes the name of another thread.
    names: /^\/proc\/\d+\/(?!(?:task\/\d+\/)?comm$)/,
    why: "with it a process changes others",
  },
];

/** Servers that do nearly everything for a client that may speak to them. */
export const servers: readonly Place[] = [
  {
    names: /^\/run\/(?:docker|containerd|podman|crio|buildkit|k3s)(?:\/.*|\.sock)$/,
    why: "its clients run containers as root",
  },
  {
    names: /^\/var\/(?:lib|snap)\/(?:lxd|incus|docker)\/|^@\/?containerd-shim/,
    why: "its clients run containers as root",
  },
  {
    names: /^\/run\/(?:libvirt|incus)\//,
    why: "its clients run virtual machines with any file of the host",
  },
  { names: /^\/run\/systemd\/private$/, why: "its clients are root to systemd" },
  {
    names: /^\/run\/systemd\/(?!(?:journal|userdb|resolve)\/|notify$)/,
    why: "its server is a part of systemd",
  },
  { names: /^\/run\/dbus\/system_bus_socket$/, why: "every service on the bus can be reached" },
  {
    names: /^\/run\/(?:udev|snapd|lvm|multipathd|dmeventd|acpid|pcscd|cups|supervisor)/,
    why: "its server acts as root",
  },
  {
    names: /^\/run\/(?:cockpit|openvswitch|frr|wpa_supplicant|fail2ban|gssproxy)|^@ISCSIADM/,
    why: "its server acts as root",
  },
  { names: /^\/run\/user\//, why: "the server acts for a user who is logged in" },
  {
    names: /\/(?:ssh-[^/]*\/agent\.|S\.gpg-agent|agent\.sock)/,
    why: "the server uses the keys of a user",
  },
  { names: /^@?\/tmp\/\.(?:X11|ICE)-unix\//, why: "clients read the keyboard" },
];

export const shells: readonly Place[] = [
  {
    names: /\/s?bin\/(?:(?:[bdkz]|ba|da|mk|tc|fi)?sh|csh|busybox)$/,
    why: "a shell runs whatever a break-in tells it",
  },
];

/**
 * Programs that are set-user-id on most hosts. A host's own are known by their mode; these count
 * also where they are not installed yet.
 */
export const becomesRoot =
  /\/s?bin\/(?:sudo(?:edit)?|su|doas|pkexec|run0|ksu|passwd|ch[fs][hn]|chage|gpasswd|newgrp|u?mount|fusermount3?|new[ug]idmap|crontab|at|pppd)$|\/(?:ssh-keysign|polkit-agent-helper-1|dbus-daemon-launch-helper)$/;

/** Where other file systems are mounted: whole disks, backups, the homes of another host. */
export const holdsDisks = /^\/(?:mnt|media(?:\/[^/]+)?|run\/media(?:\/[^/]+)?|net|export)$/;

/**
 * Some names of each kind. A pattern is judged by those that it matches, because the dangerous
 * name need not be there today.
 */
export const examples: readonly string[] = [
  "/etc/shadow",
  "/etc/gshadow",
  "/etc/passwd",
  "/etc/group",
  "/etc/sudoers",
  "/etc/crontab",
  "/etc/ld.so.preload",
  "/etc/ssh/ssh_host_ed25519_key",
  "/etc/ssl/private/host.key",
  "/root/.bashrc",
  "/root/.ssh/id_rsa",
  "/root/.ssh/authorized_keys",
  "/home/user/.ssh/id_rsa",
  "/home/user/.ssh/authorized_keys",
  "/var/backups/shadow.bak",
  "/var/mail/root",
  "/backup/etc/shadow",
  "/var/spool/cron/crontabs/root",
  "/var/lib/dpkg/info/base-files.postinst",
  "/var/lib/systemd/coredump/core.1",
  "/var/log/journal/1/system.journal",
  "/usr/bin/dash",
  "/usr/bin/sudo",
  "/usr/sbin/sshd",
  "/usr/lib/systemd/system/ssh.service",
  "/usr/lib/x86_64-linux-gnu/libc.so.6",
  "/usr/local/bin/program",
  "/boot/grub/grub.cfg",
  "/proc/kcore",
  "/proc/sysrq-trigger",
  "/proc/sys/kernel/core_pattern",
  "/proc/1/environ",
  "/proc/1/mem",
  "/proc/1/task/1/mem",
  "/proc/1/oom_score_adj",
  "/sys/kernel/uevent_helper",
  "/sys/kernel/tracing/trace_pipe",
  "/dev/mem",
  "/dev/sda",
  "/dev/kvm",
  "/run/docker.sock",
  "/run/containerd/containerd.sock",
  "/run/podman/podman.sock",
  "/run/libvirt/libvirt-sock",
  "/run/systemd/private",
  "/run/dbus/system_bus_socket",
  "/run/udev/control",
  "/run/user/1000/bus",
  "/tmp/.X11-unix/X0",
  "@/tmp/.X11-unix/X0",
  "@/containerd-shim/1.sock",
];
