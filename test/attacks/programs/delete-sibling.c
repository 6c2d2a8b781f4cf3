// title: delete a name beside an exactly granted one
// as: both
// event: name/delete broker
#include "attack.h"
static void attack(void) { TRY(unlink(in_scratch("exact/keep"))); }
