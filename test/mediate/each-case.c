// Runs scripts of target.c one after the other, each in a process and a folder of its own: the
// arguments are "--in FOLDER SCRIPT", again and again. Prints "== FOLDER" before what a script
// prints.
#define WITHOUT_MAIN
#include "target.c"
#include <sys/wait.h>

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IONBF, 0);
  for (int at = 1; at < argc;) {
    char **folder = argv + at + 1;
    int words = 1;
    while (at + 1 + words < argc && strcmp(folder[words], "--in")) words++;
    printf("== %s\n", *folder);
    pid_t child = fork();
    if (child == 0) {
      if (chdir(*folder)) _exit(94);
      run_words(words, folder);
      _exit(0);
    }
    int status = -1;
    if (child < 0 || waitpid(child, &status, 0) < 0 || status) printf("ended with %#x\n", status);
    at += 1 + words;
  }
  return 0;
}
