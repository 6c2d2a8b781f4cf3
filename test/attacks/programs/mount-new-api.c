// title: clone a mount with open_tree
// as: root
// event: none
#include "attack.h"
static void attack(void) { TRY(syscall(428, AT_FDCWD, in_scratch("secret"), 1 /* OPEN_TREE_CLONE */)); }
