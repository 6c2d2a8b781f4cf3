// title: set inode flags with garbage above the low 32 bits of the request
// as: both
// event: name/attributes broker
#include "attack.h"
#include <linux/fs.h>
static void attack(void) {
  int fd = NEED(open(in_scratch("readonly/file"), O_RDONLY)), flags = 0;
  NEED(ioctl(fd, FS_IOC_GETFLAGS, &flags));
  flags ^= FS_NODUMP_FL;
  TRY(syscall(SYS_ioctl, (long)fd, (unsigned long)FS_IOC_SETFLAGS | 0x700000000UL, &flags));
}
