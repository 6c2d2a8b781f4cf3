// title: change a read-only file's generation by ext4's own ioctl
// as: both
// event: syscall/ioctl(EXT4_IOC_SETVERSION) broker
#include "attack.h"
static void attack(void) {
  int version = 4711, fd = NEED(open(in_scratch("readonly/file"), O_RDONLY));
  TRY(ioctl(fd, _IOW('f', 4, long), &version));
}
