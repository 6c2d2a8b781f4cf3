// fuse DIRECTORY CMD ARG...: runs CMD in a mount namespace of its own, in which a file system of
// this very process lies on DIRECTORY. It knows directories, which it has in memory, and two files.
// It never answers a question about the name "hang", nor the close(2) of "silent", nor a read of
// "page". With FUSE_PROGRAM=FILE there is a file "program" with that one's content, which can be
// opened once; every later open(2) of it is answered after FUSE_DELAY milliseconds, or never.
// It ends with CMD; with FUSE_OUTLIVES set it ends only by a kill, since other processes use
// its files.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define NODES 64
#define SILENT 2
#define PAGE 3
#define PROGRAM 5
static struct { char name[256]; unsigned parent, mode, used; } nodes[NODES];
static int device;
static char *content;
static long content_size;

static void reply(const struct fuse_in_header *in, int error, const void *body, size_t size) {
  struct fuse_out_header out = {
    .len = sizeof out + (error ? 0 : size), .error = -error, .unique = in->unique,
  };
  struct iovec pieces[2] = {{&out, sizeof out}, {(void *)body, error ? 0 : size}};
  if (writev(device, pieces, 2) < 0 && errno != ENOENT) _exit(94);
}
// Without a program its number is the first directory's that is made.
static int is_program(unsigned node) { return content != NULL && node == PROGRAM; }
static struct fuse_attr attr(unsigned node) {
  int is_file = node == SILENT || node == PAGE || is_program(node);
  long size = node == PAGE ? 4096 : is_program(node) ? content_size : 0;
  unsigned mode = (is_file ? S_IFREG : S_IFDIR) | nodes[node].mode;
  return (struct fuse_attr){.ino = node, .mode = mode, .nlink = 2, .size = size};
}
static unsigned find(unsigned parent, const char *name) {
  for (unsigned i = 2; i < NODES; i++)
    if (nodes[i].used && nodes[i].parent == parent && !strcmp(nodes[i].name, name)) return i;
  return 0;
}
static void entry(const struct fuse_in_header *in, unsigned node) {
  struct fuse_entry_out out = {.nodeid = node, .attr = attr(node)};
  reply(in, 0, &out, sizeof out);
}
static unsigned make(unsigned parent, const char *name, unsigned mode) {
  for (unsigned i = 2; i < NODES; i++) if (!nodes[i].used) {
    nodes[i].used = 1; nodes[i].parent = parent; nodes[i].mode = mode; strcpy(nodes[i].name, name);
    return i;
  }
  _exit(93);
}

static void load_program(void) {
  char *file = getenv("FUSE_PROGRAM");
  struct stat st;
  int fd = file ? open(file, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0 || fstat(fd, &st)) return;
  content = malloc(content_size = st.st_size);
  if (read(fd, content, content_size) != content_size) _exit(95);
  if (make(1, "program", 0755) != PROGRAM) _exit(95);
  close(fd);
}
// False where it is never answered.
static int opens(unsigned node) {
  static int opened;
  char *delay = getenv("FUSE_DELAY");
  if (!is_program(node) || !opened++) return 1;
  if (delay) usleep(1000 * atoi(delay));
  return delay != 0;
}

static void serve(void) {
  static char buffer[1 << 17];
  nodes[1].mode = 0777;
  make(1, "silent", 0666);
  make(1, "page", 0666);
  make(1, "dir", 0777);
  load_program();
  for (;;) {
    ssize_t got = read(device, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) _exit(0);
    struct fuse_in_header *in = (void *)buffer;
    void *body = buffer + sizeof *in;
    unsigned parent = in->nodeid, found;
    switch (in->opcode) {
      case FUSE_INIT: {
        struct fuse_init_out out = {
          .major = FUSE_KERNEL_VERSION,
          .minor = FUSE_KERNEL_MINOR_VERSION,
          .max_write = 4096,
          .flags = FUSE_PARALLEL_DIROPS,
        };
        reply(in, 0, &out, sizeof out); break;
      }
      case FUSE_LOOKUP:
        if (!strcmp(body, "hang")) break;
        if ((found = find(parent, body))) entry(in, found); else reply(in, ENOENT, 0, 0);
        break;
      case FUSE_GETATTR: case FUSE_SETATTR: {
        struct fuse_setattr_in *set = body;
        if (in->opcode == FUSE_SETATTR && set->valid & FATTR_MODE)
          nodes[parent].mode = set->mode & 07777;
        struct fuse_attr_out out = {.attr = attr(parent)};
        reply(in, 0, &out, sizeof out); break;
      }
      case FUSE_MKDIR: {
        struct fuse_mkdir_in *mkdir = body;
        entry(in, make(parent, (char *)(mkdir + 1), mkdir->mode & 07777)); break;
      }
      case FUSE_READ: {
        if (parent == PAGE) break;
        struct fuse_read_in *wanted = body;
        long left = content_size - (long)wanted->offset;
        reply(in, 0, content + wanted->offset,
              left < 0 ? 0 : left < wanted->size ? left : wanted->size);
        break;
      }
      case FUSE_OPEN: {
        if (!opens(parent)) break;
        struct fuse_open_out out = {.fh = 1};
        reply(in, 0, &out, sizeof out); break;
      }
      case FUSE_FLUSH: if (in->nodeid == SILENT) break; else { reply(in, ENOSYS, 0, 0); break; }
      case FUSE_RMDIR:
        found = find(parent, body);
        if (found) nodes[found].used = 0;
        reply(in, found ? 0 : ENOENT, 0, 0);
        break;
      case FUSE_FORGET: case FUSE_BATCH_FORGET: case FUSE_INTERRUPT: break;
      default: reply(in, ENOSYS, 0, 0);
    }
  }
}

int main(int argc, char **argv) {
  if (argc < 3 || unshare(CLONE_NEWNS) || mount(0, "/", 0, MS_REC | MS_PRIVATE, 0)) return 92;
  device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  char options[128];
  snprintf(options, sizeof options,
           "fd=%d,rootmode=40777,user_id=0,group_id=0,allow_other,default_permissions", device);
  if (device < 0 || mount("fuse", argv[1], "fuse", 0, options)) return 91;
  if (fork() == 0) {
    if (!getenv("FUSE_OUTLIVES")) prctl(PR_SET_PDEATHSIG, SIGKILL);
    serve();
  }
  close(device);
  execv(argv[2], argv + 2);
  return 90;
}
