// title: make ext4 forget what it knows of a read-only file's blocks
// as: both
// event: syscall/ioctl(EXT4_IOC_CLEAR_ES_CACHE) broker
#include "attack.h"
enum { EXT4_IOC_CLEAR_ES_CACHE = _IO('f', 40) };
static void attack(void) {
  int fd = NEED(open(in_scratch("readonly/file"), O_RDONLY));
  TRY(ioctl(fd, EXT4_IOC_CLEAR_ES_CACHE, 0));
}
