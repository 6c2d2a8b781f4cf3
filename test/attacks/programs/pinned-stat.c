// title: OPEN ON PURPOSE: learn that a secret exists by stat and access
// as: both
// event: pinned
#include "attack.h"
static void attack(void) {
  struct stat s;
  STEP(access(in_scratch("secret/file"), F_OK));
  TRY(stat(in_scratch("secret/file"), &s));
}
