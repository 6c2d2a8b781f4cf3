// silent-file FOLDER SOCKET USER HOW COUNT: mounts a file system of this very process on FOLDER, in
// a mount namespace of its own, and as USER hands descriptors of its one file to SOCKET, on COUNT
// connections. HOW is `requests` (descriptors 0 to 2 of connections that stay; each close(2) asks
// what is never answered), `queued` (in connections that have ended; the last close asks it), or
// `shell COMMAND...` after COUNT: a client whose standard input it is. Says "sent", and lives on
// until its standard input ends.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/fuse.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

static int device, every_close_waits;

static void reply(const struct fuse_in_header *in, int error, const void *body, size_t size) {
  struct fuse_out_header out =
      {.len = sizeof out + (error ? 0 : size), .error = -error, .unique = in->unique};
  struct iovec pieces[2] = {{&out, sizeof out}, {(void *)body, error ? 0 : size}};
  if (writev(device, pieces, 2) < 0 && errno != ENOENT) _exit(94);
}

static struct fuse_attr attr(uint64_t node) {
  return (struct fuse_attr){.ino = node, .mode = node == 1 ? S_IFDIR | 0777
      : S_IFREG | 0666, .nlink = 1};
}

static void serve(void) {
  static char buffer[1 << 17];
  for (;;) {
    ssize_t got = read(device, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) _exit(0);
    struct fuse_in_header *in = (void *)buffer;
    switch (in->opcode) {
      case FUSE_INIT: {
        struct fuse_init_out out =
            {.major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION, .max_write = 4096,
            .flags = every_close_waits ? 0 : FUSE_WRITEBACK_CACHE};
        reply(in, 0, &out, sizeof out); break;
      }
      case FUSE_LOOKUP: {
        struct fuse_entry_out out =
            {.nodeid = 2, .attr = attr(2), .attr_valid = 1000, .entry_valid = 1000};
        reply(in, 0, &out, sizeof out); break;
      }
      case FUSE_GETATTR: {
        struct fuse_attr_out out = {.attr = attr(in->nodeid), .attr_valid = 1000};
        reply(in, 0, &out, sizeof out); break;
      }
      case FUSE_OPEN: {
        struct fuse_open_out out = {.fh = 1};
        reply(in, 0, &out, sizeof out); break;
      }
      case FUSE_FLUSH:
        if (!every_close_waits) reply(in, ENOSYS, 0, 0);
        break;
      case FUSE_WRITE: case FUSE_SETATTR: case FUSE_RELEASE: case FUSE_FORGET: case
          FUSE_BATCH_FORGET: case FUSE_INTERRUPT: break;
      default: reply(in, ENOSYS, 0, 0);
    }
  }
}

static void need(int good, const char *what) {
  if (good) return;
  perror(what);
  exit(1);
}

static int connect_to(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  return connect(fd, (struct sockaddr *)&address, sizeof address) == 0 ? fd : (close(fd), -1);
}

static void send_files(int to, int file) {
  int files[] = {file, file, file};
  union { char bytes[CMSG_SPACE(sizeof files)]; struct cmsghdr align;
      } control = {.align = {CMSG_LEN(sizeof files), SOL_SOCKET, SCM_RIGHTS}};
  memcpy(CMSG_DATA(&control.align), files, sizeof files);
  // A request of a length that is refused.
  struct iovec vector = {"\377\377\377\377", 4};
  struct msghdr message =
      {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control.bytes,
      .msg_controllen = sizeof control.bytes};
  sendmsg(to, &message, MSG_NOSIGNAL);
}

int main(int argc, char **argv) {
  if (argc < 6) return 2;
  uid_t user = (uid_t)atoi(argv[3]);
  int count = atoi(argv[5]);
  every_close_waits = strcmp(argv[4], "queued") != 0;
  need(unshare(CLONE_NEWNS) == 0 && mount(0, "/", 0, MS_REC | MS_PRIVATE, 0) == 0, "namespace");
  device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  char options[128], path[256];
  snprintf(options, sizeof options,
      "fd=%d,rootmode=40777,user_id=0,group_id=0,allow_other,default_permissions", device);
  need(device >= 0 && mount("fuse", argv[1], "fuse", 0, options) == 0, "mount");
  // When this one ends, every question has an error for an answer.
  if (fork() == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    serve();
  }
  close(device);
  snprintf(path, sizeof path, "%s/file", argv[1]);
  pid_t sender = fork();
  if (sender == 0) {
    need(setgroups(0, 0) == 0 && setgid(user) == 0 && setuid(user) == 0, "user");
    if (strcmp(argv[4], "shell") == 0) {
      need(dup2(open(path, O_RDWR), 0) == 0, path);
      execv(argv[6], argv + 6);
      _exit(90);
    }
    int sent = 0, refused = 0;
    for (int i = 0; i < count; i++) {
      int to = connect_to(argv[2]), file = open(path, O_RDWR);
      need(file >= 0, path);
      if (to < 0) { refused++; continue; }
      send_files(to, file);
      if (!every_close_waits) close(file);
      sent++;
      if (strcmp(argv[4], "queued") == 0) close(to);
    }
    // What is written now the last close of the others is to bring to the file.
    int written = open(path, O_RDWR);
    if (!every_close_waits) need(write(written, "x", 1) == 1, "write");
    dprintf(1, "sent %d refused %d\n", sent, refused);
    for (;;) pause();
  }
  char byte;
  while (read(0, &byte, 1) > 0);
  kill(sender, SIGKILL);
  _exit(0);
}
