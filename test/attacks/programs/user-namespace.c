// title: unshare a user namespace
// as: both
// event: syscall/unshare(CLONE_NEWUSER) broker
#include "attack.h"
static void attack(void) { TRY(unshare(CLONE_NEWUSER)); }
