// hanging-files DIRECTORY: a FUSE file system in which every name is a file that opens, whose pages
// are never read, and whose closing, for the name `silent`, is never answered. Prints `ready` once
// it is mounted. Ends with its standard input, and with it whatever hangs.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FOLDER 1
#define FILE_NODE 2
#define SILENT 3
#define FILE_BYTES 65536
// Attributes and names are not asked for again within.
#define VALID_S 1000

static int device;

static void reply(const struct fuse_in_header *to, int error, const void *body, size_t size) {
  size_t sent = error ? 0 : size;
  struct fuse_out_header head = {(uint32_t)(sizeof head + sent), -error, to->unique};
  struct iovec pieces[2] = {{&head, sizeof head}, {(void *)body, sent}};
  if (writev(device, pieces, 2) < 0 && errno != ENOENT) exit(1);
}

static struct fuse_attr attributes(uint64_t node) {
  unsigned mode = node == FOLDER ? S_IFDIR | 0755 : S_IFREG | 0777;
  return (struct fuse_attr){
      .ino = node, .size = FILE_BYTES, .blksize = 4096, .mode = mode, .nlink = 1};
}

static void answer(const struct fuse_in_header *call, const char *body) {
  struct fuse_init_out begun = {.major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION,
                                .max_write = 4096};
  struct fuse_entry_out found = {.entry_valid = VALID_S, .attr_valid = VALID_S};
  struct fuse_attr_out told = {.attr_valid = VALID_S, .attr = attributes(call->nodeid)};
  struct fuse_open_out opened = {.fh = 1};
  struct fuse_statfs_out room = {.st = {.bsize = 4096, .namelen = 255}};
  switch (call->opcode) {
    case FUSE_INIT: reply(call, 0, &begun, sizeof begun); break;
    case FUSE_LOOKUP:
      found.nodeid = strcmp(body, "silent") ? FILE_NODE : SILENT;
      found.attr = attributes(found.nodeid);
      reply(call, 0, &found, sizeof found);
      break;
    case FUSE_GETATTR: case FUSE_SETATTR: reply(call, 0, &told, sizeof told); break;
    case FUSE_STATFS: reply(call, 0, &room, sizeof room); break;
    case FUSE_OPEN: reply(call, 0, &opened, sizeof opened); break;
    case FUSE_READ: case FUSE_INTERRUPT: case FUSE_FORGET: case FUSE_BATCH_FORGET: break;
    case FUSE_FLUSH:
      if (call->nodeid != SILENT) reply(call, ENOSYS, NULL, 0);
      break;
    default: reply(call, ENOSYS, NULL, 0);
  }
}

int main(int argc, char **argv) {
  static char buffer[1 << 17];
  char options[128];
  device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other",
      device);
  if (argc != 2 || device < 0 || mount("fuse", argv[1], "fuse", 0, options)) {
    perror("hanging-files");
    return 1;
  }
  puts("ready");
  fflush(stdout);
  for (;;) {
    struct pollfd waited[2] = {{device, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    if (poll(waited, 2, -1) < 0 && errno != EINTR) return 1;
    if (waited[1].revents) return 0;
    if (waited[0].revents & POLLERR) return 0;
    if ((waited[0].revents & POLLIN) == 0) continue;
    if (read(device, buffer, sizeof buffer) > 0)
      answer((struct fuse_in_header *)buffer, buffer + sizeof(struct fuse_in_header));
    else if (errno == ENODEV) return 0;
  }
}
