// title: create a secret name through a dangling link in a brokered directory
// as: both
// event: name/create broker
#include "attack.h"
static void attack(void) {
  unlink(in_scratch("granted/dangling"));
  NEED(symlink(in_scratch("secret/planted"), in_scratch("granted/dangling")));
  TRY(open(in_scratch("granted/dangling"), O_CREAT | O_WRONLY, 0600));
}
