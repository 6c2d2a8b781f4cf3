// title: watch the names that come and go in a directory without a grant
// as: both
// event: pinned
#include "attack.h"
#include <sys/inotify.h>
static void attack(void) {
  int watch = NEED(inotify_init1(0));
  TRY(inotify_add_watch(watch, in_scratch("secret"), IN_ALL_EVENTS));
}
