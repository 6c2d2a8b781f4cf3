// title: unshare a user namespace
// as: both
// event: syscall/unshare(0x10000000) broker
#include "attack.h"
static void attack(void) { TRY(unshare(CLONE_NEWUSER)); }
