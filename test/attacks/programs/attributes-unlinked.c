// title: change the mode of a file by a descriptor whose name is gone, while another link is left
// as: both
// policy: server
// event: syscall/fchmod broker
#include "attack.h"
static void attack(void) {
  struct stat s;
  NEED(open(in_scratch("plain/first"), O_CREAT | O_EXCL | O_RDWR, 0600));
  NEED(link(in_scratch("plain/first"), in_scratch("plain/second")));
  int fd = NEED(open(in_scratch("plain/first"), O_RDONLY));
  NEED(unlink(in_scratch("plain/first")));
  STEP(fchmod(fd, 0777));
  NEED(stat(in_scratch("plain/second"), &s));
  if ((s.st_mode & 0777) == 0777)
    succeeded("the mode changed without the permission for attributes");
  refused("the mode is as it was");
}
