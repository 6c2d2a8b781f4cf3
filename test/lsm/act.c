// Answers each line of its standard input:
//   secure            whether it was executed with AT_SECURE
//   execute FILE      executes the file in its place
//   nnp               sets no_new_privs
//   code FILE         maps a file, then makes the mapping executable: `0` or an errno's name
//   tmpfile FOLDER    makes a file without a name there, and opens it again by its descriptor
//   again FILE        opens it, removes it, and opens it again by its descriptor
//   at FOLDER FILE    opens the folder, and from there the file
//   exchange A B      exchanges two names
//   net HOW PROTOCOL ADDRESS PORT   connects, sends or listens, on a socket of its own
//   answer HOW ADDRESS PORT TO PORT takes a datagram that comes there, and connects or sends
//   service NAME    begins to use it
//   owner PID       makes it the owner of a descriptor, to whom the kernel sends SIGIO
//   attribute WHAT FILE, device WHAT FILE    changes it; asks it
//   unix HOW TYPE NAME              the same by a name, in which %00 is a byte; @ is abstract
//   receiver NAME   binds a socket to an abstract name
//   take            a descriptor that came there: EBADF if the kernel kept it back
//   give NAME WHAT ...   sends one there: read FILE, write FILE, path FILE, pipe, memfd, queue,
//                        perf, raw, route, tcp|udp listen|connect|accept|bind ADDRESS PORT,
//                        stream|datagram listen|connect|accept|client NAME, pair
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/fs.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <termios.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

// Later than libc's headers.
enum { SYS_FILE_SETATTR = 469 };

static int reopened(int fd) {
  char name[64];
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  return fd < 0 ? -1 : open(name, O_RDONLY);
}

static int made_code(const char *name) {
  int fd = open(name, O_RDONLY);
  void *at = mmap(0, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
  return fd < 0 || at == MAP_FAILED ? -1 : mprotect(at, 4096, PROT_READ | PROT_EXEC);
}

static int used(int s, const char *how, int type, const void *to, socklen_t bytes) {
  int got = -1;
  if (s < 0) return -1;
  if (!strcmp(how, "connect")) got = connect(s, to, bytes);
  if (!strcmp(how, "send")) got = (int)sendto(s, "x", 1, MSG_DONTWAIT, to, bytes);
  if (!strcmp(how, "fast")) got = (int)sendto(s, "x", 1, MSG_FASTOPEN | MSG_DONTWAIT, to, bytes);
  if (!strcmp(how, "listen"))
    got = bind(s, to, bytes) < 0 ? -1 : type == SOCK_STREAM ? listen(s, 1) : 0;
  int why = errno;
  close(s);
  errno = why;
  return got;
}

union place {
  struct sockaddr any;
  struct sockaddr_in four;
  struct sockaddr_in6 six;
};

static socklen_t placed(union place *at, const char *address, const char *port) {
  int is6 = !!strchr(address, ':');
  *at = (union place){0};
  at->any.sa_family = is6 ? AF_INET6 : AF_INET;
  at->four.sin_port = htons((unsigned short)atoi(port));
  inet_pton(at->any.sa_family, address, is6 ? (void *)&at->six.sin6_addr : &at->four.sin_addr);
  return is6 ? sizeof at->six : sizeof at->four;
}

static int networked(char *rest) {
  const char *how = strsep(&rest, " "), *protocol = strsep(&rest, " "),
             *address = strsep(&rest, " ");
  union place to;
  socklen_t bytes = placed(&to, address, rest);
  int is6 = to.any.sa_family == AF_INET6, one = 1;
  int type = *protocol == 't' ? SOCK_STREAM : SOCK_DGRAM;
  int s = socket(to.any.sa_family, type | SOCK_NONBLOCK, 0);
  if (is6 && !strcmp(how, "listen")) setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
  return used(s, how, type, &to, bytes);
}

static int answered(char *rest) {
  const char *how = strsep(&rest, " "), *own = strsep(&rest, " "), *port = strsep(&rest, " "),
             *to = strsep(&rest, " ");
  union place at, from;
  socklen_t bytes = placed(&at, own, port), length = sizeof from;
  int s = socket(at.any.sa_family, SOCK_DGRAM, 0);
  char got;
  if (bind(s, &at.any, bytes) < 0 || recvfrom(s, &got, 1, 0, &from.any, &length) < 0) {
    close(s);
    return -1;
  }
  bytes = placed(&at, to, rest);
  return used(s, how, SOCK_DGRAM, &at, bytes);
}

static socklen_t unix_name(struct sockaddr_un *to, const char *rest) {
  socklen_t bytes = offsetof(struct sockaddr_un, sun_path);
  *to = (struct sockaddr_un){.sun_family = AF_UNIX};
  for (unsigned byte; rest && *rest; bytes++) {
    int is_code = *rest == '%' && sscanf(rest + 1, "%2x", &byte) == 1;
    to->sun_path[bytes - offsetof(struct sockaddr_un, sun_path)] = is_code ? (char)byte : *rest;
    rest += is_code ? 3 : 1;
  }
  if (to->sun_path[0] == '@') to->sun_path[0] = 0;
  return bytes;
}

static int named(char *rest) {
  const char *how = strsep(&rest, " "), *kind = strsep(&rest, " ");
  struct sockaddr_un to;
  int type = *kind == 's' ? SOCK_STREAM : SOCK_DGRAM;
  socklen_t bytes = unix_name(&to, rest);
  return used(socket(AF_UNIX, type, 0), how, type, &to, bytes);
}

static int closed(long fd) { return fd < 0 ? -1 : close((int)fd); }

static int queue(void) {
  long fd = syscall(SYS_mq_open, "cofferdam-act", O_CREAT | O_RDWR, 0600, (void *)0);
  return closed(fd) < 0 ? -1 : (int)syscall(SYS_mq_unlink, "cofferdam-act");
}

static int counter(void) {
  struct perf_event_attr how = {.size = sizeof how, .exclude_kernel = 1};
  how.type = PERF_TYPE_SOFTWARE;
  how.config = PERF_COUNT_SW_TASK_CLOCK;
  return (int)syscall(SYS_perf_event_open, &how, 0, -1, -1, 0);
}

static int used_service(const char *name) {
  char settings[256] = {0};
  int made;
  if (!strcmp(name, "shm"))
    return (made = shmget(IPC_PRIVATE, 4096, 0600)) < 0 ? -1 : shmctl(made, IPC_RMID, 0);
  if (!strcmp(name, "sem"))
    return (made = semget(IPC_PRIVATE, 1, 0600)) < 0 ? -1 : semctl(made, 0, IPC_RMID);
  if (!strcmp(name, "msg"))
    return (made = msgget(IPC_PRIVATE, 0600)) < 0 ? -1 : msgctl(made, IPC_RMID, 0);
  if (!strcmp(name, "mqueue")) return queue();
  if (!strcmp(name, "keys"))
    return syscall(SYS_add_key, "user", "cofferdam-act", "x", 1, KEY_SPEC_PROCESS_KEYRING) < 0 ? -1
                                                                                               : 0;
  if (!strcmp(name, "perf")) return closed(counter());
  if (!strcmp(name, "io_uring")) return closed(syscall(SYS_io_uring_setup, 4, settings));
  if (!strcmp(name, "userfaultfd")) return closed(syscall(SYS_userfaultfd, O_CLOEXEC | 1));
  if (!strcmp(name, "user_namespace")) return unshare(CLONE_NEWUSER);
  errno = EINVAL;
  return -1;
}

// Has the kernel send SIGIO to the process.
static int signals_by_descriptor(pid_t process) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) return -1;
  int got = fcntl(ends[0], F_SETOWN, process);
  if (!got) got = fcntl(ends[0], F_SETFL, O_ASYNC);
  if (!got && write(ends[1], "x", 1) != 1) got = -1;
  int error = errno;
  close(ends[0]);
  close(ends[1]);
  errno = error;
  return got;
}

static int changed(const char *what, const char *name) {
  int flags = FS_NOATIME_FL, got = -1;
  // ACL_USER_OBJ, ACL_GROUP_OBJ and ACL_OTHER may read, in the form of version 2.
  static const char acl[] = {2, 0, 0, 0, 1, 0, 4, 0, -1, -1, -1, -1, 4, 0, 4, 0, -1, -1, -1, -1,
                             32, 0, 4, 0, -1, -1, -1, -1};
  if (!strcmp(what, "times")) return utimensat(AT_FDCWD, name, 0, 0);
  if (!strcmp(what, "xattr")) return setxattr(name, "trusted.cofferdam", "x", 1, 0);
  if (!strcmp(what, "no-xattr")) return removexattr(name, "trusted.cofferdam");
  if (!strcmp(what, "acl")) return setxattr(name, "system.posix_acl_access", acl, sizeof acl, 0);
  // struct file_attr: `fa_xflags` comes first.
  if (!strcmp(what, "attr")) {
    unsigned long long attributes[3] = {FS_XFLAG_NOATIME};
    return syscall(SYS_FILE_SETATTR, AT_FDCWD, name, attributes, sizeof attributes, 0);
  }
  int fd = open(name, O_RDONLY);
  if (fd < 0) return -1;
  got = ioctl(fd, FS_IOC_SETFLAGS, &flags);
  int why = errno;
  close(fd);
  errno = why;
  return got;
}

static int asked(const char *what, const char *name) {
  struct termios settings;
  int fd = open(name, O_RDWR | O_NOCTTY), got = -1;
  if (fd < 0) return -1;
  if (!strcmp(what, "settings")) got = tcgetattr(fd, &settings);
  if (!strcmp(what, "input")) got = ioctl(fd, TIOCSTI, "x");
  int why = errno;
  close(fd);
  errno = why;
  return got;
}

static int receiver = -1;

static socklen_t abstract(struct sockaddr_un *name, const char *given) {
  *name = (struct sockaddr_un){.sun_family = AF_UNIX};
  strncpy(name->sun_path + 1, given, sizeof name->sun_path - 1);
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(given));
}

static int received_at(const char *given) {
  struct sockaddr_un name;
  socklen_t bytes = abstract(&name, given);
  receiver = socket(AF_UNIX, SOCK_DGRAM, 0);
  return bind(receiver, (void *)&name, bytes);
}

union room {
  char bytes[CMSG_SPACE(sizeof(int))];
  struct cmsghdr aligned;
};

static int taken(void) {
  char byte;
  union room room;
  struct iovec data = {&byte, 1};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &room,
                           .msg_controllen = sizeof room};
  struct cmsghdr *head;
  if (recvmsg(receiver, &message, 0) < 0) return -1;
  errno = EBADF;
  if (!(head = CMSG_FIRSTHDR(&message)) || head->cmsg_len < CMSG_LEN(sizeof(int))) return -1;
  return close(*(int *)CMSG_DATA(head));
}

static int sent_to(const char *given, int fd) {
  struct sockaddr_un name;
  union room room = {{0}};
  struct iovec data = {"x", 1};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &room,
                           .msg_controllen = sizeof room, .msg_name = &name,
                           .msg_namelen = abstract(&name, given)};
  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  int s, got;
  if (fd < 0) return -1;
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(head), &fd, sizeof fd);
  s = socket(AF_UNIX, SOCK_DGRAM, 0);
  got = (int)sendmsg(s, &message, 0);
  close(s);
  close(fd);
  return got;
}

// An end of a connection from the address to itself, at the port.
static int connected(int type, int accepts, const struct sockaddr *at, socklen_t bytes) {
  int one = 1, server = socket(at->sa_family, type, 0), client = socket(at->sa_family, type, 0);
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(server, at, bytes) < 0) return -1;
  if (type == SOCK_STREAM && listen(server, 1) < 0) return -1;
  if (connect(client, at, bytes) < 0) return -1;
  int end = type == SOCK_STREAM && accepts ? accept(server, 0, 0) : client;
  close(server);
  return end;
}

static int internet(int type, char *rest) {
  const char *how = strsep(&rest, " "), *address = strsep(&rest, " ");
  union place at;
  socklen_t bytes = placed(&at, address, rest);
  int one = 1;
  if (!strcmp(how, "connect") || !strcmp(how, "accept"))
    return connected(type, *how == 'a', &at.any, bytes);
  int s = socket(at.any.sa_family, type, 0);
  setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (strcmp(how, "none") && bind(s, &at.any, bytes) < 0) return -1;
  return strcmp(how, "listen") || type == SOCK_DGRAM || !listen(s, 1) ? s : -1;
}

static int other = -1;

// An end of a connection to the name, which stays there until the next: what `connect` has, what
// `accept` has, and `client` the latter of a client whose name ends in ~. Or what listens there.
static int local(int type, char *rest) {
  const char *how = strsep(&rest, " ");
  int client = socket(AF_UNIX, type, 0), server = socket(AF_UNIX, type, 0), end = -1;
  struct sockaddr_un at, own;
  socklen_t bytes = unix_name(&at, rest);
  close(other);
  own = at;
  own.sun_path[bytes - offsetof(struct sockaddr_un, sun_path)] = '~';
  if (at.sun_path[0]) unlink(at.sun_path), unlink(own.sun_path);
  if (!strcmp(how, "client") && bind(client, (void *)&own, bytes + 1) < 0) return -1;
  if (bind(server, (void *)&at, bytes) < 0) return -1;
  if (type == SOCK_STREAM && listen(server, 1) < 0) return -1;
  if (strcmp(how, "listen")) {
    if (connect(client, (void *)&at, bytes) < 0) return -1;
    if (type == SOCK_STREAM) end = accept(server, 0, 0), close(server), server = end;
  }
  end = strcmp(how, "connect") ? server : client;
  other = end == server ? client : server;
  return end;
}

static int made(char *rest) {
  char *what = strsep(&rest, " ");
  int ends[2];
  if (!strcmp(what, "read")) return open(rest, O_RDONLY);
  if (!strcmp(what, "write")) return open(rest, O_WRONLY);
  if (!strcmp(what, "path")) return open(rest, O_PATH);
  if (!strcmp(what, "memfd")) return memfd_create("x", 0);
  if (!strcmp(what, "pair")) return socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0 ? -1 : ends[0];
  if (!strcmp(what, "pipe")) return pipe(ends) < 0 ? -1 : ends[0];
  if (!strcmp(what, "perf")) return counter();
  if (!strcmp(what, "raw")) return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
  if (!strcmp(what, "route")) return socket(AF_NETLINK, SOCK_RAW, 0);
  if (!strcmp(what, "tcp")) return internet(SOCK_STREAM, rest);
  if (!strcmp(what, "udp")) return internet(SOCK_DGRAM, rest);
  if (!strcmp(what, "stream")) return local(SOCK_STREAM, rest);
  if (!strcmp(what, "datagram")) return local(SOCK_DGRAM, rest);
  if (!strcmp(what, "queue"))
    return (int)syscall(SYS_mq_open, "cofferdam-act", O_CREAT | O_RDWR, 0600, (void *)0);
  return -1;
}

static int perform(char *line) {
  char *rest = line, *what = strsep(&rest, " ");
  if (!strcmp(what, "net")) return networked(rest);
  if (!strcmp(what, "answer")) return answered(rest);
  if (!strcmp(what, "unix")) return named(rest);
  char *a = strsep(&rest, " "), *b = rest;
  errno = EINVAL;
  if (!strcmp(what, "take")) return taken();
  if (!strcmp(what, "nnp")) return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (!a) return -1;
  if (!strcmp(what, "service")) return used_service(a);
  if (!strcmp(what, "owner")) return signals_by_descriptor(atoi(a));
  if (!strcmp(what, "receiver")) return received_at(a);
  if (!strcmp(what, "execute")) return execl(a, a, (char *)0);
  if (!strcmp(what, "code")) return made_code(a);
  if (!strcmp(what, "tmpfile")) return reopened(open(a, O_TMPFILE | O_RDWR, 0600));
  if (!strcmp(what, "again")) {
    int fd = open(a, O_RDONLY);
    return fd < 0 || unlink(a) < 0 ? -1 : reopened(fd);
  }
  if (!b) return -1;
  if (!strcmp(what, "give")) return sent_to(a, made(b));
  if (!strcmp(what, "attribute")) return changed(a, b);
  if (!strcmp(what, "device")) return asked(a, b);
  if (!strcmp(what, "exchange")) return renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE);
  if (!strcmp(what, "at")) {
    int fd = open(a, O_PATH);
    return fd < 0 ? -1 : openat(fd, b, O_RDONLY);
  }
  return -1;
}

int main(void) {
  char line[8192];
  // What was read ahead would be lost by an execve.
  setvbuf(stdin, 0, _IONBF, 0);
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    if (!strcmp(line, "secure")) printf("%lu\n", getauxval(AT_SECURE));
    else printf("%s\n", perform(line) < 0 ? strerrorname_np(errno) : "0");
    fflush(stdout);
  }
  return 0;
}
