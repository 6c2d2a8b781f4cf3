// title: the path flips while a program is executed
#include "../races/race.h"
// Both names are links, which no policy judges: one leads to this program, the other to one that
// may be read and not executed.
static char path[PATH_BYTES] __attribute__((aligned(8)));
enum { THIS_PROGRAM = 7, NONE = 8 };

__attribute__((constructor)) static void executed(int count, char **words) {
  if (count == 1 && strcmp(words[0], "raced") == 0) _exit(THIS_PROGRAM);
}
// The child has the memory of this process, in which the other thread goes on.
static int status_of_one(void) {
  char *const words[] = {"raced", 0}, *const none[] = {0};
  int status;
  pid_t child = vfork();
  if (child == 0) {
    execve(path, words, none);
    _exit(NONE);
  }
  NEED(waitpid(NEED(child), &status, 0));
  return WIFEXITED(status) ? WEXITSTATUS(status) : NONE;
}
static void attack(void) {
  static char self[4096];
  NEED(readlink("/proc/self/exe", self, sizeof self - 1));
  NEED(symlink(self, in_scratch("granted/a")));
  NEED(symlink(setting("ATTACK_READABLE_PROGRAM"), in_scratch("granted/b")));
  pthread_t t = flip_paths(path, in_scratch("granted/a"), in_scratch("granted/b"));
  long ok = 0, no = 0, breach = 0;
  for (long i = 0; i < tries() && !breach; i++) {
    int status = status_of_one();
    if (status == THIS_PROGRAM) ok++; else if (status == NONE) no++; else breach++;
  }
  stop_flipping = 1;
  pthread_join(t, 0);
  report(ok, no);
  if (breach) succeeded("executed a program that is not granted");
  refused("in no try");
}
