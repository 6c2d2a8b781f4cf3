// title: make a file system with fsopen
// as: root
// event: syscall/fsopen broker
#include "attack.h"
static void attack(void) { TRY(syscall(430, "tmpfs", 0)); }
