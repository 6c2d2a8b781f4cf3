import { Permission, type PermissionSet } from "../../model/permission.ts";
import type { NameRule } from "../../model/rule.ts";

/** On a file: it is run, or says what is run. On a socket: a client can have programs run. */
const RUN = Permission.read | Permission.execute;
const ASK = Permission.listen;

/**
 * What programs outside every domain do with names, each pattern with the reason. Written as rules,
 * so that the same code compares them with a domain's. Each is a hop that `reach` asserts, so that
 * places which only may be dangerous (`suggest/dangerous-places.ts`) are no part of it.
 */
const uses: readonly (readonly [PermissionSet, string, readonly string[]])[] = [
  [
    RUN,
    "systemd runs, as root, what units and generators say",
    [
      "/{etc,run,usr/lib,usr/local/lib}/systemd/{system,user,system.control}/**",
      "/{etc,run,usr/lib,usr/local/lib}/systemd/{system,user}-generators/**",
      "/etc/{init.d,rc?.d}/**",
      "/etc/{rc.local,inittab}",
    ],
  ],
  [
    RUN,
    "cron and at run it",
    [
      "/etc/cron.{d,hourly,daily,weekly,monthly}/**",
      "/etc/{crontab,anacrontab}",
      "/var/spool/{cron,at,anacron}/**",
    ],
  ],
  [
    RUN,
    "the loader maps what it names into every program",
    ["/etc/ld.so.{preload,conf,cache}", "/etc/ld.so.conf.d/**"],
  ],
  [
    RUN,
    "users and root run programs of PATH, and load their libraries",
    ["/{usr,usr/local}/{bin,sbin,lib,lib32,lib64,libexec}/**", "/{bin,sbin,lib,lib64,opt}/**"],
  ],
  [
    RUN,
    "it decides who logs in and becomes root",
    [
      "/etc/{sudoers,doas.conf,passwd,shadow,group,gshadow,subuid,subgid}",
      "/etc/{sudoers.d,pam.d,polkit-1,security}/**",
      "/{root,home/*}/.ssh/{authorized_keys,authorized_keys2,rc,environment,config}",
      "/etc/ssh/{sshd_config,sshd_config.d/**,authorized_keys*}",
    ],
  ],
  [
    RUN,
    "shells run it at each login",
    [
      "/etc/{profile,bash.bashrc,environment,zsh/**}",
      "/etc/profile.d/**",
      "/etc/update-motd.d/**",
      "/{root,home/*}/.{bashrc,bash_profile,bash_logout,profile,zshrc,zshenv,config/**,local/**}",
    ],
  ],
  [
    RUN,
    "programs of root take commands and settings from it",
    [
      "/{etc,run,usr/lib}/{udev,modprobe.d,modules-load.d,tmpfiles.d,sysctl.d,binfmt.d}/**",
      "/etc/{apt,dpkg,logrotate.d,network,NetworkManager,dhcp,kernel,initramfs-tools,grub.d}/**",
      "/etc/{logrotate.conf,fstab,crypttab,modules,sysctl.conf,nsswitch.conf,inetd.conf}",
      "/var/lib/dpkg/**",
      "/boot/**",
    ],
  ],
  [
    RUN,
    "the device is memory or a disk, past every file name",
    ["/dev/{mem,kmem,port}", "/dev/{sd,vd,hd,xvd,nvme,dm-,md,loop,mmcblk}*", "/dev/mapper/*"],
  ],
  [
    RUN | ASK,
    "its server runs programs of a client's choice as root",
    [
      "/run/{docker,containerd/containerd,podman/podman,crio/crio}.sock",
      "/run/libvirt/libvirt-sock",
      "/run/{snapd.socket,systemd/private}",
    ],
  ],
  [
    Permission.read,
    "programs outside every domain read it",
    ["/{etc,home,root,usr,boot}/**", "/{proc/sys,sys}/**", "/var/{mail,spool}/**"],
  ],
];

/**
 * Programs outside every domain may have bound any other socket. `bound`: the rules by which
 * domains bind theirs.
 */
export function outsideRules(bound: readonly NameRule[]): readonly NameRule[] {
  const known = uses.flatMap(([permissions, why, patterns]) =>
    patterns.map((pattern) => useRule(pattern, permissions, why)),
  );
  const others = ["/**", "@**"].map((pattern) =>
    useRule(pattern, ASK, "a program outside every domain may have bound it"),
  );
  const notTheirs = bound.map((rule): NameRule => ({ ...rule, effect: "deny", permissions: ASK }));
  return [...known, ...others, ...notTheirs];
}

function useRule(pattern: string, permissions: PermissionSet, text: string): NameRule {
  const source = { file: "", line: 0, column: 0, text };
  return { effect: "allow", permissions, pattern, source };
}
