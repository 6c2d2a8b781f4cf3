/**
 * Every hook that a kernel offers to BPF programs (its functions `bpf_lsm_NAME`, in its BTF), and
 * what the bpf-lsm engine makes of it. test/lsm/hooks.test.ts compares this with the programs in
 * `bpf/lsm/` and with the running kernel; test/vm with Debian's stock one, or with that of
 * `COFFERDAM_KERNEL`. So no new hook goes unnoticed. Source of what a hook is asked about:
 * include/linux/lsm_hook_defs.h and security/security.c of Linux 6.12 and 6.18; the types of 7.3.
 */

/**
 * `held`: a program of the engine decides there. `open`: what is asked there could matter to a
 * domain, and no program decides it yet. `elsewhere`: another hook or layer sees the same act.
 * `harmless`: a domain gains nothing that a policy could refuse. `no decision`: the kernel tells
 * security modules something, and asks nothing.
 */
export type HookUse = "held" | "open" | "elsewhere" | "harmless" | "no decision";

export interface HookGroup {
  readonly use: HookUse;
  /** What is asked there, and why it is used so. */
  readonly why: string;
  readonly hooks: readonly string[];
}

/**
 * `since`: the first release with the hook; `until`: the first without it. Only 6.12, 6.18 and
 * 7.3 were looked at; the releases between are from the kernel's history.
 */
export const hookReleases: Readonly<Record<string, { since?: string; until?: string }>> = {
  cred_getlsmprop: { since: "6.14" },
  current_getlsmprop_subj: { since: "6.13" },
  inode_getlsmprop: { since: "6.13" },
  ipc_getlsmprop: { since: "6.13" },
  task_getlsmprop_obj: { since: "6.13" },
  lsmprop_to_secctx: { since: "6.14" },
  inode_file_getattr: { since: "6.17" },
  inode_file_setattr: { since: "6.17" },
  uring_allowed: { since: "6.15" },
  unix_find: { since: "7.1" },
  current_getsecid_subj: { until: "6.13" },
  inode_getsecid: { until: "6.13" },
  ipc_getsecid: { until: "6.13" },
  task_getsecid_obj: { until: "6.13" },
};

/** Hooks of parts of the kernel that a configuration may lack: InfiniBand, binder, and the like. */
export const optionalHooks: ReadonlySet<string> = new Set([
  "ib_alloc_security",
  "ib_endport_manage_subnet",
  "ib_pkey_access",
]);

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

export const hookGroups: readonly HookGroup[] = [
  {
    use: "held",
    why: "a name is opened, cut, made, removed, renamed or linked, or its owner or mode changed",
    hooks: words(`file_open file_truncate path_truncate path_mknod path_mkdir path_symlink
      path_unlink path_rmdir path_rename path_link path_chmod path_chown`),
  },
  {
    use: "held",
    why: "a file becomes code, or memory becomes executable",
    hooks: words("mmap_file file_mprotect"),
  },
  {
    use: "held",
    why: "a task is made, or executes a program: its label",
    hooks: words("task_alloc bprm_creds_for_exec bprm_creds_from_file bprm_committed_creds"),
  },
  {
    use: "held",
    why: "another root or mount would change what the policy's names mean",
    hooks: words("path_chroot sb_mount sb_umount sb_pivotroot sb_remount move_mount"),
  },
  { use: "held", why: "bpf(2) could open the engine's maps by number", hooks: ["bpf"] },
  {
    use: "held",
    why: "sockets: families, addresses, ports, source routes; names of unix sockets",
    hooks: words(`socket_create socket_bind socket_connect socket_sendmsg socket_listen
      socket_setsockopt unix_stream_connect unix_may_send`),
  },
  {
    use: "elsewhere",
    why: "unix_stream_connect and unix_may_send are asked about the same socket",
    hooks: ["unix_find"],
  },
  {
    use: "elsewhere",
    why: "the family is decided when the socket is made, and SCTP has none",
    hooks: words("netlink_send sctp_bind_connect"),
  },
  {
    use: "harmless",
    why: "two sockets that only this process has",
    hooks: words("socket_socketpair"),
  },
  { use: "held", why: "capabilities that the policy does not name", hooks: ["capable"] },
  {
    use: "held",
    why: `signals to processes of other domains, their memory, limits, priorities and processors;
      the owner of a descriptor, to whom the kernel sends signals`,
    hooks: words(`task_kill file_send_sigiotask ptrace_access_check ptrace_traceme
      task_setrlimit task_setnice task_setioprio task_setscheduler task_movememory file_fcntl`),
  },
  {
    use: "elsewhere",
    why: "the owner of a descriptor was decided by file_fcntl when it was set",
    hooks: words("file_set_fowner"),
  },
  {
    use: "elsewhere",
    why: "task_setrlimit is asked about every change; to read limits tells nothing",
    hooks: words("task_prlimit"),
  },
  {
    use: "harmless",
    why: "only of the process itself, and of a child that has not executed another program",
    hooks: words("task_setpgid"),
  },
  {
    use: "held",
    why: "times, extended attributes, access control lists",
    hooks: words("inode_setattr inode_setxattr inode_removexattr inode_set_acl inode_remove_acl"),
  },
  {
    use: "held",
    why: "flags of inodes, requests to devices, input put into a terminal",
    hooks: words("file_ioctl file_ioctl_compat inode_file_setattr"),
  },
  { use: "held", why: "a descriptor comes from another process", hooks: ["file_receive"] },
  {
    use: "open",
    why: "a descriptor stays from before the label",
    hooks: ["file_permission"],
  },
  {
    use: "held",
    why: "System V and POSIX IPC, made or used; POSIX message queues are inodes without a path",
    hooks: words(`msg_queue_alloc_security msg_queue_associate msg_queue_msgctl msg_queue_msgsnd
      msg_queue_msgrcv shm_alloc_security shm_associate shm_shmctl shm_shmat sem_alloc_security
      sem_associate sem_semctl sem_semop inode_create inode_unlink`),
  },
  {
    use: "elsewhere",
    why: "a hook of each kind of IPC is asked too",
    hooks: ["ipc_permission"],
  },
  {
    use: "held",
    why: `keyrings, perf, io_uring and userfaultfd, which a policy grants by their system calls;
      user namespaces, which none does`,
    hooks: words(`key_permission key_alloc perf_event_open uring_override_creds uring_sqpoll
      uring_cmd inode_init_security_anon userns_create`),
  },
  {
    use: "elsewhere",
    why: "io_uring's descriptor is decided when it is made (inode_init_security_anon)",
    hooks: ["uring_allowed"],
  },
  {
    use: "elsewhere",
    why: `they need a capability, which \`capable\` is asked about; a module that the kernel loads
      by itself belongs to a socket or device that was granted`,
    hooks: words(`kernel_module_request kernel_read_file kernel_load_data syslog settime quotactl
      quota_on tun_dev_create tun_dev_open tun_dev_attach_queue`),
  },
  {
    use: "elsewhere",
    why: "bpf(2) itself is refused (bpf)",
    hooks: words(`bpf_map bpf_prog bpf_map_create bpf_prog_load bpf_token_create bpf_token_cmd
      bpf_token_capable`),
  },
  {
    use: "open",
    why: "locks, leases and watches that keep processes outside waiting or tell what they do",
    hooks: words("file_lock path_notify"),
  },
  {
    use: "elsewhere",
    why: "path_* and file_open are asked about the same act, with a name",
    hooks: words(`inode_link inode_symlink inode_mkdir inode_rmdir
      inode_mknod inode_rename inode_permission file_post_open`),
  },
  {
    use: "elsewhere",
    why: "bprm_creds_for_exec and file_open are asked first about the same execve",
    hooks: words("bprm_check_security bprm_committing_creds"),
  },
  {
    use: "elsewhere",
    why: "mmap_file was asked when the file above was mapped",
    hooks: words("mmap_backing_file"),
  },
  {
    use: "elsewhere",
    why: "changes of credentials need a capability, which `capable` is asked about",
    hooks: words(`task_fix_setuid task_fix_setgid task_fix_setgroups capset cred_prepare
      cred_transfer cred_alloc_blank`),
  },
  {
    use: "elsewhere",
    why: "the mount itself is refused (sb_mount, move_mount)",
    hooks: words(`sb_set_mnt_opts sb_clone_mnt_opts sb_eat_lsm_opts sb_mnt_opts_compat
      sb_kern_mount fs_context_dup fs_context_parse_param fs_context_submount`),
  },
  {
    use: "elsewhere",
    why: "the queue, device or socket was created under another hook",
    hooks: words("tun_dev_attach perf_event_read perf_event_write socket_post_create"),
  },
  {
    use: "harmless",
    why: "what exists is not secret (stat, access, readlink, list of attributes, statfs)",
    hooks: words(`inode_getattr inode_readlink inode_follow_link inode_getxattr inode_listxattr
      inode_get_acl inode_file_getattr sb_statfs sb_show_options`),
  },
  {
    use: "harmless",
    why: "what a socket that the domain has may do at its own end",
    hooks: words(`socket_accept socket_recvmsg socket_getsockname socket_getpeername
      socket_getsockopt socket_shutdown socket_getpeersec_stream
      socket_getpeersec_dgram`),
  },
  {
    use: "harmless",
    why: "numbers of other processes that /proc shows to everyone",
    hooks: words("task_getpgid task_getsid task_getioprio task_getscheduler capget"),
  },
  {
    use: "harmless",
    why: "the process's own settings: prctl(2), the lowest address of mappings, memory to commit",
    hooks: words("task_prctl mmap_addr vm_enough_memory"),
  },
  {
    use: "harmless",
    why: "the kernel's own lockdown is another module's decision",
    hooks: words("locked_down"),
  },
  {
    use: "harmless",
    why: "Android's binder: no Debian kernel mounts it, and its device is a file by name",
    hooks: words(`binder_set_context_mgr binder_transaction binder_transfer_binder
      binder_transfer_file`),
  },
  {
    use: "harmless",
    why: "InfiniBand: its devices are files by name",
    hooks: words("ib_pkey_access ib_endport_manage_subnet ib_alloc_security"),
  },
  {
    use: "harmless",
    why: "packets and associations of sockets that other hooks decided about",
    hooks: words(`socket_sock_rcv_skb inet_conn_request inet_conn_established inet_csk_clone
      sctp_assoc_request sctp_assoc_established sctp_sk_clone mptcp_add_subflow
      secmark_relabel_packet req_classify_flow`),
  },
  {
    use: "harmless",
    why: "IPsec policies: CAP_NET_ADMIN makes them",
    hooks: words(`xfrm_policy_alloc_security xfrm_policy_clone_security
      xfrm_policy_delete_security xfrm_policy_lookup xfrm_state_alloc xfrm_state_alloc_acquire
      xfrm_state_delete_security xfrm_state_pol_flow_match xfrm_decode_session
      xfrm_policy_free_security xfrm_state_free_security`),
  },
  {
    use: "no decision",
    why: "memory of the kernel's objects is made, copied or given back",
    hooks: words(`backing_file_alloc backing_file_free bdev_alloc_security bdev_free_security
      bpf_map_free bpf_prog_free bpf_token_free cred_free file_alloc_security file_free_security
      file_release inode_alloc_security inode_free_security inode_free_security_rcu
      msg_msg_alloc_security msg_msg_free_security
      msg_queue_free_security sem_free_security
      shm_free_security sk_alloc_security sk_clone_security sk_free_security sock_graft
      sb_alloc_security sb_free_security sb_free_mnt_opts sb_delete task_free
      tun_dev_alloc_security perf_event_alloc secmark_refcount_inc secmark_refcount_dec`),
  },
  {
    use: "no decision",
    why: "something has happened",
    hooks: words(`bdev_setintegrity d_instantiate inode_post_create_tmpfile inode_post_remove_acl
      inode_post_removexattr inode_post_set_acl inode_post_setattr inode_post_setxattr
      path_post_mknod key_post_create_or_update kernel_post_load_data kernel_post_read_file
      initramfs_populated inode_setintegrity inode_killpriv inode_need_killpriv task_to_inode`),
  },
  {
    use: "no decision",
    why: "labels as texts and numbers of modules that store them on disk, in packets or for audit",
    hooks: words(`audit_rule_free audit_rule_init audit_rule_known audit_rule_match cred_getsecid
      cred_getlsmprop current_getlsmprop_subj current_getsecid_subj inode_getlsmprop
      inode_getsecid ipc_getlsmprop ipc_getsecid task_getlsmprop_obj task_getsecid_obj
      lsmprop_to_secctx secid_to_secctx secctx_to_secid release_secctx sk_getsecid
      inode_getsecctx inode_setsecctx inode_getsecurity inode_setsecurity inode_listsecurity
      inode_notifysecctx inode_invalidate_secctx inode_init_security
      inode_copy_up inode_copy_up_xattr inode_xattr_skipcap dentry_create_files_as
      dentry_init_security kernfs_init_security kernel_act_as kernel_create_files_as
      key_getsecurity ismaclabel getprocattr setprocattr getselfattr setselfattr`),
  },
];

/** Functions of kernel/bpf/bpf_lsm.c whose names begin like those of hooks. */
export const notHooks: ReadonlySet<string> = new Set(
  words(`find_cgroup_shim func_proto get_retval_range has_d_inode_locked hook_returns_errno init
    is_sleepable_hook is_trusted verify_prog`),
);

/** Whether a kernel of that release (`6.12`, or `6.12.118-amd64`) has the hook. */
export function hasHook(hook: string, release: string): boolean {
  const { since, until } = hookReleases[hook] ?? {};
  const isBefore = (one: string) => compareReleases(release, one) < 0;
  return (since === undefined || !isBefore(since)) && (until === undefined || isBefore(until));
}

function compareReleases(one: string, other: string): number {
  const [major = 0, minor = 0] = numbers(one);
  const [otherMajor = 0, otherMinor = 0] = numbers(other);
  return major - otherMajor || minor - otherMinor;
}

function numbers(release: string): number[] {
  return release.split(/[.-]/, 2).map(Number);
}

/**
 * What the table says wrongly about a kernel of `release` whose types name these functions, each
 * `bpf_lsm_NAME`.
 */
export function wrongAbout(release: string, functions: readonly string[]): readonly string[] {
  const found = functions.map((name) => name.replace(/^bpf_lsm_/, ""));
  const there = new Set(found.filter((name) => !notHooks.has(name)));
  const known = new Set(hookGroups.flatMap(({ hooks }) => hooks));
  const lacking = [...known].filter((hook) => !there.has(hook) && !optionalHooks.has(hook));
  return [
    ...[...there].filter((hook) => !known.has(hook)).map((hook) => `${hook} is in no group`),
    ...lacking.filter((hook) => hasHook(hook, release)).map((hook) => `${hook} is not there`),
    ...[...there]
      .filter((hook) => known.has(hook) && !hasHook(hook, release))
      .map((hook) => `${hook} is there`),
  ];
}
