// title: the new name flips while a file is renamed
#include "race.h"
static char path[PATH_BYTES] __attribute__((aligned(8)));
static void attack(void) {
  pthread_t t = flip_paths(path, in_scratch("exact/pid"), in_scratch("exact/bad"));
  const char *from = in_scratch("granted/from");
  char stable[4096];
  strcpy(stable, from);
  long ok = 0, no = 0;
  for (long i = 0; i < tries() && !exists(in_scratch("exact/bad")); i++) {
    if (i % 16 == 0) close(open(stable, O_CREAT | O_WRONLY, 0600));
    if (rename(stable, path)) no++; else ok++;
  }
  stop_flipping = 1;
  pthread_join(t, 0);
  report(ok, no);
  if (exists(in_scratch("exact/bad"))) succeeded("renamed to a name that is not granted");
  refused("in no try");
}
