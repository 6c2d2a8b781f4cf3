// title: clone a mount with open_tree
// as: root
// event: syscall/open_tree broker
#include "attack.h"
static void attack(void) {
  TRY(syscall(428, AT_FDCWD, in_scratch("secret"), 1 /* OPEN_TREE_CLONE */));
}
