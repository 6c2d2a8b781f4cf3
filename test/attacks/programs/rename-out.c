// title: rename a granted name to one that is not
// as: both
// event: name/create broker
#include "attack.h"
static void attack(void) {
  NEED(open(in_scratch("exact/pid"), O_CREAT | O_WRONLY, 0600));
  TRY(rename(in_scratch("exact/pid"), in_scratch("exact/other")));
}
