// title: set inode flags with file_setattr(2)
// as: both
// event: name/attributes broker
#include "attack.h"
struct attr { uint64_t xflags; uint32_t extsize, nextents, projid, cowextsize; };
static void attack(void) {
  struct attr a = {0};
  NEED(syscall(468, AT_FDCWD, in_scratch("readonly/file"), &a, sizeof a, 0));
  a.xflags ^= 0x80; /* FS_XFLAG_NODUMP */
  TRY(syscall(469, AT_FDCWD, in_scratch("readonly/file"), &a, sizeof a, 0));
}
