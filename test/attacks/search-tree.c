// search-tree FOLDER TEXT: looks for TEXT in what btrfs keeps of every small file, by a descriptor
// of a folder that may be read.
#define _GNU_SOURCE
#include <linux/btrfs.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

int main(int argc, char **argv) {
  static struct btrfs_ioctl_search_args a;
  // All of the tree in which the folder is.
  a.key = (struct btrfs_ioctl_search_key){
    .max_objectid = ~0ull,
    .max_offset = ~0ull,
    .max_transid = ~0ull,
    .max_type = 255,
    .nr_items = 4096,
  };
  int fd = argc == 3 ? open(argv[1], O_RDONLY) : -1;
  if (fd < 0) return 1;
  if (ioctl(fd, BTRFS_IOC_TREE_SEARCH, &a)) puts(strerrorname_np(errno));
  else puts(memmem(a.buf, sizeof a.buf, argv[2], strlen(argv[2])) ? "found" : "not found");
  return 0;
}
