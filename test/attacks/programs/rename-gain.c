// title: move a read-only file into a writable directory
// as: both
// event: name/delete broker
#include "attack.h"
static void attack(void) { TRY(rename(in_scratch("readonly/file"), in_scratch("granted/gained"))); }
