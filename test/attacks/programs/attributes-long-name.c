// title: change the mode of a file whose name is longer than any path
// as: both
// policy: server
// event: syscall/fchmod broker
#include "attack.h"
#define DEPTH 21
static void attack(void) {
  char part[201];
  memset(part, 'd', 200);
  part[200] = 0;
  NEED(chdir(in_scratch("plain")));
  for (int depth = 0; depth < DEPTH; depth++) {
    NEED(mkdir(part, 0700));
    NEED(chdir(part));
  }
  int fd = NEED(open(".", O_RDONLY | O_DIRECTORY));
  int changed = fchmod(fd, 0711), error = errno;
  // It could not be removed by its name.
  for (int depth = 0; depth < DEPTH; depth++) {
    NEED(chdir(".."));
    NEED(rmdir(part));
  }
  errno = error;
  if (changed < 0) refused("fchmod");
  succeeded("the mode changed without the permission for attributes");
}
