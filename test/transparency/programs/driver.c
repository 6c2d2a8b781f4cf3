// cases list | cases run FOLDER [UID|- [PREFIX [TURN]]]: runs every case in a process and a folder
// of its own and prints what it saw. If a turn is given (0 to TURNS - 1), only its cases of a
// product.
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>

#include "transparent.h"

#define CASES_MAX 4096
#define OUTPUT_BYTES_MAX (256 * 1024)
// A case that hangs is a finding, not the end of the suite. Seconds.
#define CASE_SECONDS_MAX 60
#define EVERY_TURN (-1)

static struct {
  char name[96];
  void (*body)(long);
  long argument;
  int turn;
} cases[CASES_MAX];
static int count;

void add_case(const char *name, void (*body)(long), long argument) {
  if (count == CASES_MAX) abort();
  snprintf(cases[count].name, sizeof cases[count].name, "%s", name);
  cases[count].body = body;
  cases[count].turn = EVERY_TURN;
  cases[count++].argument = argument;
}

void add_product_case(const char *name, void (*body)(long), long argument, int turn) {
  add_case(name, body, argument);
  cases[count - 1].turn = turn % TURNS;
}

long say(const char *text, long value) {
  if (value == -1)
    printf("%s = -1 %s\n", text, strerrorname_np(errno));
  else
    printf("%s = %ld\n", text, value);
  return value;
}

int say_descriptor(const char *text, int descriptor) {
  if (descriptor == -1)
    printf("%s = -1 %s\n", text, strerrorname_np(errno));
  else
    printf("%s = a descriptor\n", text);
  return descriptor;
}

static void say_stat(const char *what, const struct stat *s) {
  const long links = S_ISDIR(s->st_mode) ? 0 : (long)s->st_nlink;
  printf("%s: mode %o links %ld uid %d gid %d", what, s->st_mode, links, s->st_uid, s->st_gid);
  if (S_ISREG(s->st_mode)) printf(" size %ld", (long)s->st_size);
  printf("\n");
}

void say_file(const char *path) {
  struct stat s;
  if (lstat(path, &s) != 0)
    printf("%s: %s\n", path, strerrorname_np(errno));
  else
    say_stat(path, &s);
}

void say_open(int descriptor) {
  struct stat s;
  if (descriptor < 0) return;
  printf("flags %o close-on-exec %d\n", fcntl(descriptor, F_GETFL), fcntl(descriptor, F_GETFD));
  if (fstat(descriptor, &s) == 0) say_stat("opened", &s);
}

void say_content(const char *path) {
  char text[512];
  int f = open(path, O_RDONLY);
  ssize_t length = f < 0 ? -1 : read(f, text, sizeof text - 1);
  if (length < 0)
    printf("%s: unreadable %s\n", path, strerrorname_np(errno));
  else
    printf("%s: %ld bytes <%.*s>\n", path, (long)length, (int)length, text);
  if (f >= 0) close(f);
}

void put(const char *path, const char *text) {
  int f = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (f < 0 || write(f, text, strlen(text)) < 0)
    printf("cannot make %s: %s\n", path, strerrorname_np(errno));
  if (f >= 0) close(f);
}

void say_end(const char *text, pid_t child) {
  int status = 0;
  if (child < 0) {
    say("fork", -1);
    return;
  }
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (WIFSIGNALED(status))
    printf("%s died of signal %d\n", text, WTERMSIG(status));
  else
    printf("%s ended with %d\n", text, WEXITSTATUS(status));
}

static void become(const char *user) {
  if (user == NULL) return;
  unsigned id = (unsigned)atoi(user);
  if (setgroups(0, NULL) != 0 || setresgid(id, id, id) != 0 || setresuid(id, id, id) != 0) {
    perror("become");
    _exit(99);
  }
}

// What lies outside the case's folder; made anew for each case, since a case may change it.
static void make_outside(const char *folder) {
  static const struct {
    const char *name;
    mode_t mode;
  } files[] = {{"public", 0644}, {"private", 0600}};
  char path[4200];
  snprintf(path, sizeof path, "%s/outside", folder);
  if (mkdir(path, 0755) != 0 && errno != EEXIST) exit(1);
  for (int i = 0; i < 2; i++) {
    snprintf(path, sizeof path, "%s/outside/%s", folder, files[i].name);
    unlink(path);
    put(path, "of somebody else");
    if (chmod(path, files[i].mode) != 0) exit(1);
  }
}

static bool is_asked_for(int index, const char *prefix, int turn) {
  if (strncmp(cases[index].name, prefix, strlen(prefix)) != 0) return false;
  return turn == EVERY_TURN || cases[index].turn == EVERY_TURN || cases[index].turn == turn;
}

static void run_case(int index, const char *folder, const char *user) {
  char place[4200];
  int pipes[2];
  snprintf(place, sizeof place, "%s/%d", folder, index);
  if (pipe(pipes) != 0 || mkdir(place, 0755) != 0 ||
      (user && chown(place, (uid_t)atoi(user), (gid_t)atoi(user)) != 0)) {
    perror(place);
    exit(1);
  }
  make_outside(folder);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    setpgid(0, 0);
    dup2(pipes[1], 1);
    dup2(pipes[1], 2);
    int silence = open("/dev/null", O_RDONLY);
    dup2(silence, 0);
    close_range(3, ~0U, 0);
    setvbuf(stdout, NULL, _IONBF, 0);
    umask(022);
    if (chdir(place) != 0) _exit(98);
    become(user);
    alarm(CASE_SECONDS_MAX);
    cases[index].body(cases[index].argument);
    exit(0);
  }
  close(pipes[1]);
  static char output[OUTPUT_BYTES_MAX];
  size_t length = 0;
  ssize_t got;
  while ((got = read(pipes[0], output + length, sizeof output - length)) > 0) length += (size_t)got;
  close(pipes[0]);
  printf("== %s\n%.*s", cases[index].name, (int)length, output);
  say_end("case", child);
  kill(-child, SIGKILL);
}

static int by_name(const void *a, const void *b) {
  return strcmp(a, b);
}

void run(const char *path, char *const argv[], char *const env[]) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    execve(path, argv, env);
    say("execve", -1);
    fflush(stdout);
    _exit(127);
  }
  say_end(path, child);
}
char *plain[] = {"true", NULL}, *none[] = {NULL};
int main(int argc, char **argv) {
  qsort(cases, (size_t)count, sizeof *cases, by_name);
  if (argc == 2 && strcmp(argv[1], "list") == 0)
    for (int i = 0; i < count; i++) puts(cases[i].name);
  else if (argc >= 3 && strcmp(argv[1], "run") == 0) {
    const char *user = argc > 3 && strcmp(argv[3], "-") != 0 ? argv[3] : NULL;
    const char *prefix = argc > 4 ? argv[4] : "";
    int turn = argc > 5 ? atoi(argv[5]) : EVERY_TURN;
    for (int i = 0; i < count; i++)
      if (is_asked_for(i, prefix, turn)) run_case(i, argv[2], user);
  } else
    return fprintf(stderr, "usage: cases list | cases run FOLDER [UID|- [PREFIX [TURN]]]\n"), 2;
  return 0;
}
