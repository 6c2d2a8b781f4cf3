// title: set inode flags through a read-only descriptor
// as: both
// event: name/attributes broker
#include "attack.h"
#include <linux/fs.h>
static void attack(void) {
  int fd = NEED(open(in_scratch("readonly/file"), O_RDONLY)), flags = 0;
  NEED(ioctl(fd, FS_IOC_GETFLAGS, &flags));
  flags ^= FS_NODUMP_FL;
  TRY(ioctl(fd, FS_IOC_SETFLAGS, &flags));
}
