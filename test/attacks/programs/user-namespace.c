// title: unshare a user namespace
// as: both
// event: none
#include "attack.h"
static void attack(void) { TRY(unshare(CLONE_NEWUSER)); }
