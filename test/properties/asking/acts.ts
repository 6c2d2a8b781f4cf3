/**
 * What is tried of each system call, in the words of `test/mediate/target.c` and `acts.c`. Numbers
 * of processes are `%root`, `%same`, `%other`, `%self`, `%sibling`; descriptors are those of the
 * enum in `acts.c`: 40 to 42 pidfds of the first three, 43 a stream pair's end, 45 a datagram
 * pair's, 47 TCP, 48 UDP, 49 and 50 unix sockets, 51 a file, 52 a file of root's that may be
 * written, 53 a directory. Nothing here changes the host, also where root does it.
 */
const CONTENT = ["file", "private", "mine", "theirs", "grouped", "ours/inner", "closed/inner"];
const FOLDERS = ["dir", "closed", "wide", "ours"];
const SIGUSR1 = 10;
const ENTRIES = ["environ", "mem", "maps", "io", "auxv", "stat", "fd", "syscall", "uid_map"];
const OWNERS = ["root", "same", "other"];

const ofEach = (names: readonly string[], act: (name: string) => string): string[] =>
  names.map(act);
const F_SETFL_ASYNC = "fcntl 43 4 020000";
/** Makes the owner's signal come. */
const KICK = `${F_SETFL_ASYNC} ; fcntl 43 10 ${SIGUSR1} ; sendto 44 x 1 0 ~ 0`;
const PARAMETER = "#hex=00000000";
/** struct sched_attr: its size, and a nice value of 5. */
const ATTRIBUTES = `#hex=30000000000000000000000000000000050000000000${"00".repeat(26)}`;
/** struct rlimit: soft and hard. Nothing; nothing, of a byte; a page. */
const NO_CORE = "#zeros";
const A_BYTE = "#hex=00000000000000000100000000000000";
const A_PAGE = "#hex=00100000000000000010000000000000";
/** struct open_how: for reading. */
const HOW = `#hex=${"00".repeat(24)}`;
const TIME = "#hex=01000000000000000200000000000000030000000000000004000000000000";

export const acts: Readonly<Record<string, readonly string[]>> = {
  open: ofEach(CONTENT, (name) => `open ${name} @O_RDWR`),
  openat: [
    ...ofEach(CONTENT, (name) => `openat @AT_FDCWD ${name} @O_RDONLY`),
    ...ofEach(FOLDERS, (name) => `openat @AT_FDCWD ${name}/new @O_CREAT +@O_WRONLY 0666`),
    ...ofEach(FOLDERS, (name) => `openat @AT_FDCWD ${name} @O_TMPFILE +@O_RDWR 0600`),
    "openat @AT_FDCWD file 01000000",
    "openat @AT_FDCWD link @O_RDONLY ; openat @AT_FDCWD fifo @O_RDWR",
    ...OWNERS.flatMap((who) =>
      ENTRIES.map((entry) => `openat @AT_FDCWD #proc=${who}/${entry} @O_RDONLY`),
    ),
    ...ENTRIES.map((entry) => `openat @AT_FDCWD /proc/self/${entry} @O_RDONLY`),
    "openat @AT_FDCWD #proc=root/fd/20 @O_RDONLY",
    "openat @AT_FDCWD #proc=root/oom_score_adj @O_WRONLY",
    ...ofEach(
      ["@O_RDONLY", "@O_WRONLY"],
      (how) => `openat @AT_FDCWD /proc/sys/kernel/cad_pid ${how}`,
    ),
    "openat @AT_FDCWD /proc/sys/fs/protected_regular @O_RDONLY",
    "openat @AT_FDCWD /proc/kmsg @O_RDONLY",
  ],
  openat2: [`openat2 @AT_FDCWD private ${HOW} 24 ; openat2 @AT_FDCWD theirs ${HOW} 24`],
  creat: ofEach(FOLDERS, (name) => `creat ${name}/new 0644`),
  mkdir: ofEach(FOLDERS, (name) => `mkdir ${name}/new 0755`),
  mkdirat: ["mkdirat 53 new 0700 ; mkdirat @AT_FDCWD ours/new 02755"],
  mknod: ofEach(FOLDERS, (name) => `mknod ${name}/new @S_IFIFO +0600 0`),
  mknodat: ["mknodat 53 new @S_IFREG +0600 0"],
  symlink: ofEach(FOLDERS, (name) => `symlink x ${name}/new`),
  symlinkat: ["symlinkat x 53 new"],
  link: ofEach(CONTENT, (name) => `link ${name} wide/new`),
  linkat: ["linkat 53 . 53 x 0 ; linkat 51 #hex=00 @AT_FDCWD wide/x @AT_EMPTY_PATH"],
  unlink: [...ofEach(CONTENT, (name) => `unlink ${name}`), "unlink wide/foreign"],
  unlinkat: ["unlinkat @AT_FDCWD dir @AT_REMOVEDIR ; unlinkat @AT_FDCWD wide/foreign 0"],
  rmdir: ofEach(FOLDERS, (name) => `rmdir ${name}`),
  rename: ["rename mine wide/mine ; rename wide/foreign ours/x ; rename ours/inner dir/y"],
  renameat: ["renameat @AT_FDCWD theirs @AT_FDCWD wide/theirs"],
  renameat2: ["renameat2 @AT_FDCWD mine @AT_FDCWD theirs @RENAME_EXCHANGE"],
  truncate: ofEach(CONTENT, (name) => `truncate ${name} 1`),
  chmod: ofEach(CONTENT, (name) => `chmod ${name} 0640`),
  fchmodat: ["fchmodat @AT_FDCWD mine 0600 ; fchmodat @AT_FDCWD dir 0711"],
  fchmodat2: [
    "fchmodat2 @AT_FDCWD theirs 0644 0 ; fchmodat2 @AT_FDCWD link 0644 @AT_SYMLINK_NOFOLLOW",
  ],
  chown: [
    ...ofEach(CONTENT, (name) => `chown ${name} 33 33`),
    "chown mine -1 65534 ; chown mine -1 33 ; chown theirs 65534 -1",
  ],
  lchown: ["lchown link 33 -1 ; lchown mine -1 -1"],
  fchownat: ["fchownat @AT_FDCWD grouped -1 33 0 ; fchownat 51 #hex=00 0 -1 @AT_EMPTY_PATH"],
  utime: ["utime file ~ ; utime open ~ ; utime mine #zeros"],
  utimes: ["utimes theirs #zeros ; utimes open #zeros"],
  futimesat: ["futimesat @AT_FDCWD grouped ~ ; futimesat @AT_FDCWD mine #zeros"],
  utimensat: [`utimensat @AT_FDCWD open ${TIME} 0 ; utimensat 51 ~ ${TIME} 0`],
  setxattr: [
    "setxattr file user.a v 1 0 ; setxattr mine user.a v 1 0 ; setxattr theirs trusted.a v 1 0",
    "setxattr open user.a v 1 0 ; setxattr wide user.a v 1 0",
  ],
  lsetxattr: ["lsetxattr mine user.a v 1 0 ; lsetxattr link trusted.a v 1 0"],
  setxattrat: ["setxattrat @AT_FDCWD mine 0 user.a #xattr=v 16"],
  removexattr: ["removexattr mine user.a ; removexattr file user.a ; removexattr mine trusted.a"],
  lremovexattr: ["lremovexattr mine user.a ; lremovexattr file user.a"],
  removexattrat: ["removexattrat @AT_FDCWD theirs 0 user.a"],
  file_setattr: [
    "file_setattr @AT_FDCWD mine #hex=800000000000000000000000000000000000000000000000 24 0",
    "file_setattr @AT_FDCWD file #hex=400000000000000000000000000000000000000000000000 24 0",
  ],
  execve: ofEach(["file", "private", "dir", "mine"], (name) => `execve ${name} ~ ~`),
  execveat: ["execveat @AT_FDCWD closed/inner ~ ~ 0 ; execveat 51 #hex=00 ~ ~ @AT_EMPTY_PATH"],
  memfd_create: ["memfd_create name @MFD_CLOEXEC"],

  connect: [
    "connect 49 #unix=listening 110 ; connect 50 #unix=datagrams 110",
    "connect 49 #unix=guarded 110 ; connect 50 #unix=guarded-datagrams 110",
    "connect 47 #inet=1 16 ; connect 48 #inet=1 16",
  ],
  bind: [
    "bind 47 #inet=1023 16 ; bind 48 #inet=1023 16",
    ...ofEach(FOLDERS, (name) => `bind 49 #unix=${name}/socket 110`),
    "bind 50 #unix=wide/a 110 ; bind 49 #hex=0100 2",
    "socket 16 3 0 ; bind $ #netlink=1 12",
  ],
  listen: ["listen 47 1 ; listen 49 1", "bind 49 #unix=wide/l 110 ; listen 49 1"],
  sendto: [
    "sendto 50 x 1 0 #unix=datagrams 110 ; sendto 50 x 1 0 #unix=guarded-datagrams 110",
    "sendto 48 x 1 0 #inet=9 16 ; sendto 48 x 1 0x20000000 #inet=9 16",
    "socket 2 3 1 ; sendto $ x 1 0 #inet=0 16",
  ],
  sendmsg: [
    `${"sendmsg 43 #rights=60 0x40 ; ".repeat(4)}sendmsg 45 #rights=1 0x40`,
    "sendmsg 43 #rights=1 0 ; sendmsg 45 #rights=2 0 ; sendmsg 43 #rights=0 0",
  ],
  sendmmsg: ["sendmmsg 43 #rights=1 1 0 ; sendmmsg 45 #rights=0 1 0"],
  socket: [
    "socket 2 3 1 ; socket 17 3 0 ; socket 16 3 9 ; socket 1 1 0 ; socket 10 3 58 ; socket 2 2 1",
  ],
  socketpair: ["socketpair 1 2 0 #zeros"],
  setsockopt: ["socket 10 1 0 ; setsockopt $ 41 26 #int=1 4"],

  kill: ofEach([...OWNERS, "self"], (who) => `kill %${who} ${who === "self" ? 0 : SIGUSR1}`),
  tkill: ofEach(
    [...OWNERS, "sibling"],
    (who) => `tkill %${who} ${who === "sibling" ? 0 : SIGUSR1}`,
  ),
  tgkill: ofEach(OWNERS, (who) => `tgkill %${who} %${who} ${SIGUSR1}`),
  rt_sigqueueinfo: ofEach(OWNERS, (who) => `rt_sigqueueinfo %${who} ${SIGUSR1} #zeros`),
  rt_tgsigqueueinfo: ofEach(OWNERS, (who) => `rt_tgsigqueueinfo %${who} %${who} ${SIGUSR1} #zeros`),
  pidfd_send_signal: [
    ...ofEach(["40", "41", "42"], (fd) => `pidfd_send_signal ${fd} ${SIGUSR1} ~ 0`),
    `pidfd_send_signal 51 ${SIGUSR1} ~ 0 ; pidfd_send_signal 40 0 ~ 0`,
    "pidfd_send_signal 40 18 ~ 0",
  ],
  ptrace: ofEach(OWNERS, (who) => `ptrace 16902 %${who} 0 0`),
  process_vm_readv: ofEach(OWNERS, (who) => `process_vm_readv %${who} ~ 0 ~ 0 0`),
  process_vm_writev: ofEach(OWNERS, (who) => `process_vm_writev %${who} ~ 0 ~ 0 0`),
  pidfd_getfd: [
    ...ofEach(["40", "41", "42"], (fd) => `pidfd_getfd ${fd} 20 0 ; pread64 $ #zeros 6 0`),
    "pidfd_getfd 40 21 0 ; pidfd_getfd 40 20 1 ; pidfd_getfd 51 20 0",
  ],
  kcmp: ofEach(OWNERS, (who) => `kcmp %${who} %self 1 0 0`),
  get_robust_list: ofEach(OWNERS, (who) => `get_robust_list %${who} #zeros #zeros`),
  prlimit64: [
    ...ofEach(
      [...OWNERS, "self"],
      (who) => `prlimit64 %${who} 7 ~ #zeros ; prlimit64 %${who} 6 #zeros ~`,
    ),
    `prlimit64 %self 4 ${NO_CORE} ~ ; prlimit64 0 4 ${A_BYTE} ~ ; prlimit64 0 4 ${A_PAGE} ~`,
  ],
  setrlimit: [
    `setrlimit 4 ${NO_CORE} ; setrlimit 4 ${A_BYTE}`,
    `setrlimit 4 ${A_BYTE} ; setrlimit 4 ${A_PAGE}`,
  ],
  sched_setscheduler: ofEach(
    [...OWNERS, "sibling"],
    (who) => `sched_setscheduler %${who} 5 ${PARAMETER} ; sched_setscheduler %${who} 1 #int=1`,
  ),
  sched_setparam: ofEach([...OWNERS, "sibling"], (who) => `sched_setparam %${who} ${PARAMETER}`),
  sched_setattr: ofEach([...OWNERS, "sibling"], (who) => `sched_setattr %${who} ${ATTRIBUTES} 0`),
  sched_setaffinity: ofEach(
    [...OWNERS, "sibling"],
    (who) => `sched_setaffinity %${who} 8 #hex=0100000000000000`,
  ),
  migrate_pages: ofEach(OWNERS, (who) => `migrate_pages %${who} 64 #zeros #zeros`),
  move_pages: ofEach(OWNERS, (who) => `move_pages %${who} 0 ~ ~ ~ 0`),
  setpriority: ofEach(
    [...OWNERS, "sibling"],
    (who) => `setpriority 0 %${who} 5 ; setpriority 0 %${who} -5`,
  ),
  ioprio_set: ofEach([...OWNERS, "sibling"], (who) => `ioprio_set 1 %${who} 0x6000`),
  process_madvise: ["process_madvise 40 ~ 0 20 0"],
  process_mrelease: ["process_mrelease 40 0 ; process_mrelease 42 0"],

  setuid: ["setuid 0 ; setuid 33 ; setuid 65534"],
  setreuid: ["setreuid -1 0 ; setreuid 33 -1"],
  setresuid: ["setresuid -1 33 -1 ; setresuid 0 0 0"],
  setfsuid: ["setfsuid 0 ; openat @AT_FDCWD private @O_RDONLY"],
  setgid: ["setgid 0 ; setgid 33"],
  setregid: ["setregid -1 33 ; setregid 0 0"],
  setresgid: ["setresgid -1 33 -1 ; setresgid 0 0 0"],
  setfsgid: ["setfsgid 33 ; openat @AT_FDCWD grouped @O_RDWR"],
  setgroups: ["setgroups 1 #int=33 ; openat @AT_FDCWD grouped @O_RDWR"],
  sethostname: ["sethostname x -1"],
  setdomainname: ["setdomainname x -1"],
  settimeofday: ["settimeofday ~ ~"],
  clock_settime: ["clock_settime 1 #zeros"],
  // ADJ_TICK with a tick that there is not.
  adjtimex: ["adjtimex #zeros ; adjtimex #hex=00400000"],
  clock_adjtime: ["clock_adjtime 0 #zeros"],
  syslog: ["syslog 9 ~ 0 ; syslog 10 ~ 0 ; syslog 11 ~ 0"],
  vhangup: ["vhangup"],

  chdir: ["chdir closed ; openat @AT_FDCWD inner @O_RDONLY"],
  fchdir: ["fchdir 53 ; openat @AT_FDCWD ../private @O_RDONLY"],
  chroot: ["chroot dir"],
  umask: ["umask 077 ; openat @AT_FDCWD wide/new @O_CREAT +@O_WRONLY 0666"],
  capset: ["capset #hex=2205082000000000 #hex=ffffffffffffffff00000000ffffffffffffffff00000000"],
  unshare: ["unshare 0x400"],
  setns: ["setns 40 0x20000"],
  // A namespace of mounts with a shared directory, which there cannot be.
  clone: ["clone 0x20200 0 0 0 0"],
  clone3: ["clone3 ! 64"],
  personality: ["personality 0x8"],
  setpgid: ["setpgid 0 0 ; setpgid %same 0 ; setpgid %root %root"],
  prctl: ["prctl 35 0 0 0 0 ; prctl 36 1 0 0 0"],
  landlock_restrict_self: ["landlock_restrict_self -1 0"],
  lsm_set_self_attr: ["lsm_set_self_attr 100 #zeros 32 0"],

  fchmod: ["fchmod 51 0600 ; fchmod 52 0644"],
  fchown: ["fchown 51 33 33 ; fchown 52 0 0"],
  fsetxattr: ["fsetxattr 52 user.a v 1 0 ; fsetxattr 51 trusted.a v 1 0"],
  fremovexattr: ["fremovexattr 52 user.a ; fremovexattr 51 trusted.a"],
  ioctl: [
    ...OWNERS.flatMap((who) => [
      `ioctl 43 0x8901 #int=${who} ; ${KICK}`,
      `ioctl 43 0x8902 #int=${who} ; ${KICK}`,
    ]),
    "ioctl 51 0x40086602 #hex=40000000 ; ioctl 52 0x40086602 #hex=80000000",
    "ioctl 47 0x5421 #zeros ; ioctl 48 0x8914 #zeros",
  ],
  fcntl: OWNERS.flatMap((who) => [
    `fcntl 43 8 %${who} ; ${KICK}`,
    `fcntl 43 15 #owner=${who} ; ${KICK}`,
  ]),
  // For reading and execution, private: of a file, of one that may be written, of a socket.
  mmap: ["mmap 0 4096 5 2 51 0 ; mmap 0 4096 5 2 52 0 ; mmap 0 4096 5 2 43 0"],

  shmget: ["shmget 0 0 01600"],
  shmat: ["shmat -1 ~ 0"],
  shmdt: ["shmdt ~"],
  shmctl: ["shmctl -1 0 ~"],
  semget: ["semget 0x7fff1234 1 0"],
  semop: ["semop -1 #zeros 1"],
  semtimedop: ["semtimedop -1 #zeros 1 ~"],
  semctl: ["semctl -1 0 0 0"],
  msgget: ["msgget 0x7fff1234 0"],
  msgsnd: ["msgsnd -1 #zeros 0 0"],
  msgrcv: ["msgrcv -1 #zeros 0 0 0"],
  msgctl: ["msgctl -1 0 ~"],
  mq_open: ["mq_open nosuchqueue 0 0 0"],
  mq_unlink: ["mq_unlink nosuchqueue"],
  mq_timedsend: ["mq_timedsend -1 x 1 0 ~"],
  mq_timedreceive: ["mq_timedreceive -1 x 1 ~ ~"],
  mq_notify: ["mq_notify -1 ~"],
  mq_getsetattr: ["mq_getsetattr -1 ~ ~"],
};
