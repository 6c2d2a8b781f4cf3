// title: load a BPF map
// as: root
// event: syscall/bpf broker
#include "attack.h"
static void attack(void) {
  struct { uint32_t type, key, value, max, flags; char rest[120]; } a = {2, 4, 4, 1, 0, {0}};
  TRY(syscall(SYS_bpf, 0, &a, sizeof a));
}
