// title: map shared memory a second time by an old size that the kernel rounds to 0
// as: both
// event: memory/use broker
#include "written-code.h"
static void attack(void) {
  void *at = mapped(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0),
                    "mmap");
  char *again = mapped((void *)syscall(SYS_mremap, at, -1L, (long)PAGE, MREMAP_MAYMOVE, 0L),
                       "mremap");
  *(char *)at = 42;
  if (*again == 42) succeeded("one page is mapped twice");
  refused("another page");
}
