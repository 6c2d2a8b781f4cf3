// title: process_vm_readv of a process outside
// as: both
// event: none
#include "attack.h"
#include <sys/uio.h>
static void attack(void) {
  char b[8];
  struct iovec here = {b, 8}, there = {(void *)number("ATTACK_VICTIM_ADDRESS"), 8};
  TRY(process_vm_readv((pid_t)number("ATTACK_VICTIM"), &here, 1, &there, 1, 0));
}
