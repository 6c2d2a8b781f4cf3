// exec-raced WAY CALLER TRIES: what is executed flips between a granted program and one that is
// not, mostly the latter, while children execute it. The one that is not says `won` on its standard
// output, which is not mediated. Prints "tries N refused N ran N ended N". The program lies
// in the working directory as good/program and evil/program.
//
//   path        another thread writes over the path
//   link        another process exchanges the symbolic link that the path goes through
//   directory   another thread changes the working directory
//   descriptor  another thread puts another directory behind the descriptor (execveat)
//   loader      another process exchanges the symbolic link that ./dynamic names as its loader
//
// CALLER: `leader`, `thread` (not the first of its process), `vfork`, `two` threads at once.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define flush() __asm__ volatile("" ::: "memory")
#define GOOD_TURNS 60
#define EVIL_TURNS 240

static char path[32] __attribute__((aligned(8))) = "./good/program";
static const char *way, *caller;
static int good, evil, directory;
static struct { _Atomic long tries, refused; } *seen;

static void wait_turns(int count) { for (volatile int i = 0; i < count; i++) { } }

static void link_to(const char *target, const char *name) {
  if (symlink(target, "link-new") || rename("link-new", name)) _exit(94);
}
// One turn of what this way flips.
static void to(int is_good) {
  if (!strcmp(way, "path")) { memcpy(path + 2, is_good ? "good" : "evil", 4); flush(); }
  else if (!strcmp(way, "directory")) { if (fchdir(is_good ? good : evil)) _exit(93); }
  else if (!strcmp(way, "descriptor")) dup2(is_good ? good : evil, directory);
  else if (!strcmp(way, "link")) link_to(is_good ? "good" : "evil", "link-directory");
  else link_to(is_good ? "good-loader" : "evil/program", "link-loader");
}
static void *flip(void *unused) {
  for (;;) { to(1); wait_turns(GOOD_TURNS); to(0); wait_turns(EVIL_TURNS); }
  return unused;
}
static int by_process(void) { return !strcmp(way, "link") || !strcmp(way, "loader"); }

static void once(void) {
  char *const arguments[] = {"program", "executed", 0}, *const environment[] = {0};
  if (!strcmp(way, "path")) execve(path, arguments, environment);
  else if (!strcmp(way, "directory")) execve("program", arguments, environment);
  else if (!strcmp(way, "descriptor"))
    syscall(SYS_execveat, directory, "program", arguments, environment, 0);
  else if (!strcmp(way, "link")) execve("link-directory/program", arguments, environment);
  else execve("dynamic", arguments, environment);
}
static void *execute(void *unused) {
  for (;;) {
    seen->tries++;
    once();
    seen->refused++;
  }
  return unused;
}
static void *by_vfork(void *unused) {
  int status;
  for (;;) {
    pid_t child = vfork();
    if (child == 0) { seen->tries++; once(); seen->refused++; _exit(1); }
    waitpid(child, &status, 0);
    if (child > 0 && WIFSIGNALED(status)) _exit(99);
    if (child > 0 && WEXITSTATUS(status) == 0) _exit(0);
  }
  return unused;
}

static void child(void) {
  pthread_t t;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (!by_process()) pthread_create(&t, 0, flip, 0);
  if (!strcmp(caller, "vfork")) by_vfork(0);
  if (!strcmp(caller, "two")) pthread_create(&t, 0, execute, 0);
  if (!strcmp(caller, "leader") || !strcmp(caller, "two")) execute(0);
  pthread_create(&t, 0, execute, 0);
  for (;;) pause();
}

int main(int argc, char **argv) {
  if (argc > 1 && !strcmp(argv[1], "executed")) {
    char file[4096] = "";
    ssize_t n = readlink("/proc/self/exe", file, sizeof file - 1);
    if (n < 0 || !strstr(file, "/evil/")) return 0;
    return write(1, "won\n", 4) < 0;
  }
  way = argv[1], caller = argv[2];
  long tries = atol(argv[3]), ran = 0, ended = 0;
  seen = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  good = open("good", O_PATH | O_DIRECTORY);
  evil = open("evil", O_PATH | O_DIRECTORY);
  directory = dup(good);
  pid_t flipper = by_process() ? fork() : -1;
  if (flipper == 0) { prctl(PR_SET_PDEATHSIG, SIGKILL); flip(0); }
  // On a busy machine the threads of a child may take turns so that nothing is raced for long.
  while (seen->tries < tries || !seen->refused || !ran || !ended) {
    int status;
    pid_t one = fork();
    if (one == 0) child();
    waitpid(one, &status, 0);
    if (WIFSIGNALED(status) ? WTERMSIG(status) == 9 : WEXITSTATUS(status) == 99) ended++;
    else if (WIFEXITED(status) && WEXITSTATUS(status) == 0) ran++;
    else { printf("a child ended with %x\n", status); return 1; }
  }
  if (flipper > 0) kill(flipper, SIGKILL), waitpid(flipper, 0, 0);
  printf("tries %ld refused %ld ran %ld ended %ld\n", seen->tries, seen->refused, ran, ended);
  return 0;
}
