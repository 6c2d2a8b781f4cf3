// acts FILE: each line of FILE is done in a process and folder of its own, and what came of it is
// printed: "SHAPE... | WORDS..." with the words of `test/mediate/target.c`. A shape is the
// credentials that the process, or one thread of it, takes before it acts: NAME=VALUE each, see
// `take`. Beside it are three processes that could be harmed: `root`, `same` (user 33) and `other`
// (user 65534), who hold every signal back and so show who was signalled.
#define WITHOUT_MAIN
#include "../../mediate/target.c"

#include <arpa/inet.h>
#include <dirent.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/securebits.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

static void fail(const char *call) {
  printf("acts: %s: %s\n", call, strerror(errno));
  _exit(99);
}
#define must(call) ((call) < 0 ? fail(#call) : (void)0)

enum { ROOT, SAME, OTHER, VICTIMS };
static const uid_t users[VICTIMS] = {0, 33, 65534};
static const char *const names[VICTIMS] = {"root", "same", "other"};
static pid_t victims[VICTIMS];
static pid_t sibling;
static int secret;

// Descriptors that every act finds.
enum {
  PIDFDS = 40,
  STREAM = 43,
  DGRAM = 45,
  TCP = 47,
  UDP,
  UNIX_STREAM,
  UNIX_DGRAM,
  FILE_READ,
  FILE_WRITE,
  DIRECTORY,
  PIPE,
};

static long number(const char *text) {
  for (int i = 0; i < VICTIMS; i++) if (!strcmp(text, names[i])) return victims[i];
  if (!strcmp(text, "self")) return getpid();
  if (!strcmp(text, "thread")) return syscall(SYS_gettid);
  if (!strcmp(text, "sibling")) return sibling;
  return strtol(text, NULL, 0);
}

static long of_owner(const char *who) {
  int *owner = calloc(2, 4); // struct f_owner_ex
  owner[0] = 1;              // F_OWNER_PID
  owner[1] = number(who);
  return (long)owner;
}

static long of_number(const char *who) {
  int *value = calloc(2, 4);
  value[0] = number(who);
  return (long)value;
}

// WHO/ENTRY
static long of_proc(const char *text) {
  char who[32] = {0}, *path = calloc(1, 256);
  const char *slash = strchr(text, '/');
  memcpy(who, text, slash - text);
  snprintf(path, 256, "/proc/%ld%s", number(who), slash);
  return (long)path;
}

static long of_unix(const char *path) {
  struct sockaddr_un *address = calloc(1, sizeof *address);
  address->sun_family = AF_UNIX;
  strcpy(address->sun_path, path);
  return (long)address;
}

static long of_inet(const char *port) {
  struct sockaddr_in *address = calloc(1, sizeof *address);
  address->sin_family = AF_INET;
  address->sin_port = htons(atoi(port));
  address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return (long)address;
}

static long of_netlink(const char *groups) {
  uint32_t *address = calloc(1, 12); // struct sockaddr_nl
  *(uint16_t *)address = AF_NETLINK;
  address[2] = atoi(groups);
  return (long)address;
}

// struct msghdr: one byte with so many descriptors.
static long of_rights(const char *text) {
  int count = atoi(text);
  struct iovec *byte = calloc(1, sizeof *byte);
  byte->iov_base = "x";
  byte->iov_len = 1;
  struct cmsghdr *control = calloc(1, CMSG_SPACE(4 * count));
  control->cmsg_len = CMSG_LEN(4 * count);
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  for (int i = 0; i < count; i++) ((int *)CMSG_DATA(control))[i] = FILE_READ;
  struct msghdr *message = calloc(2, sizeof *message);
  message->msg_iov = byte;
  message->msg_iovlen = 1;
  message->msg_control = count ? control : NULL;
  message->msg_controllen = count ? CMSG_SPACE(4 * count) : 0;
  return (long)message;
}

static const struct {
  const char *name;
  long (*make)(const char *);
} structures[] = {
  {"#owner=", of_owner}, {"#int=", of_number},       {"#proc=", of_proc},     {"#unix=", of_unix},
  {"#inet=", of_inet},   {"#netlink=", of_netlink}, {"#rights=", of_rights},
};

// What the words of `target.c` cannot say.
static int structure(char *word, long *made) {
  if (*word == '%') *made = number(word + 1);
  else if (!strcmp(word, "#zeros")) *made = (long)calloc(1, 4096);
  else {
    size_t i = 0;
    const size_t count = sizeof structures / sizeof *structures;
    while (i < count && strncmp(word, structures[i].name, strlen(structures[i].name))) i++;
    if (i == count) return 0;
    *made = structures[i].make(strchr(word, '=') + 1);
  }
  return 1;
}

struct shape {
  unsigned uid[4], gid[4], groups[8];
  int count, security, own_layer, descriptors;
  // 0: one thread; 1: one thread of two takes the shape; 2: both have it.
  int threads;
  uint64_t permitted, effective;
};

// Separated by commas; how many there are.
static int numbers(const char *text, unsigned *into, int most) {
  int count = 0;
  while (*text && count < most) {
    into[count++] = strtoul(text, NULL, 10);
    text += strcspn(text, ",");
    text += *text == ',';
  }
  return count;
}

static struct shape parse(char *text) {
  struct shape s = {.permitted = ~0ull, .effective = ~0ull, .descriptors = -1};
  for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
    char *value = strchr(word, '=') + 1;
    if (!strncmp(word, "uid", 3)) numbers(value, s.uid, 4);
    if (!strncmp(word, "gid", 3)) numbers(value, s.gid, 4);
    if (!strncmp(word, "groups", 6)) s.count = numbers(value, s.groups, 8);
    if (!strncmp(word, "permitted", 9)) s.permitted = strtoull(value, NULL, 16);
    if (!strncmp(word, "effective", 9)) s.effective = strtoull(value, NULL, 16);
    if (!strncmp(word, "securebits", 10)) s.security = strtol(value, NULL, 0);
    if (!strncmp(word, "layer", 5)) s.own_layer = atoi(value);
    if (!strncmp(word, "descriptors", 11)) s.descriptors = atoi(value);
    if (!strncmp(word, "threads", 7)) s.threads = atoi(value);
  }
  return s;
}

static void confine(void) {
  struct landlock_ruleset_attr attr = {
    .handled_access_fs = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE,
    .scoped = LANDLOCK_SCOPE_SIGNAL,
  };
  int ruleset = syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
  must(ruleset);
  must(syscall(SYS_landlock_restrict_self, ruleset, 0));
  close(ruleset);
}

// Of the calling thread alone.
static void take(const struct shape *s) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct all[2], sets[2] = {0};
  must(prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP));
  must(syscall(SYS_setgroups, s->count, s->groups));
  must(syscall(SYS_setresgid, s->gid[0], s->gid[1], s->gid[2]));
  must(syscall(SYS_setresuid, s->uid[0], s->uid[1], s->uid[2]));
  syscall(SYS_setfsgid, s->gid[3]);
  syscall(SYS_setfsuid, s->uid[3]);
  must(prctl(PR_SET_SECUREBITS, s->security));
  // Ids that change make a process undumpable, and then only root looks into it.
  must(prctl(PR_SET_DUMPABLE, 1));
  must(syscall(SYS_capget, &header, all));
  for (int i = 0; i < 2; i++) {
    sets[i].permitted = all[i].permitted & (uint32_t)(s->permitted >> 32 * i);
    sets[i].effective = sets[i].permitted & (uint32_t)(s->effective >> 32 * i);
  }
  must(syscall(SYS_capset, &header, sets));
  if (s->own_layer) confine();
}

static const struct shape *shape;
static char **words;
static int word_count;

static void *idle(void *nothing) {
  sibling = syscall(SYS_gettid);
  for (;;) pause();
  return nothing;
}

static struct rlimit core_before;

// Of one byte the kernel makes no core file, and starts no program as it does at 0.
static rlim_t core_bytes(rlim_t limit) { return limit <= 1 ? 0 : limit; }

static void show_core_limit(void) {
  struct rlimit now;
  must(getrlimit(RLIMIT_CORE, &now));
  if (core_bytes(now.rlim_cur) > core_bytes(core_before.rlim_cur)
      || now.rlim_max > core_before.rlim_max)
    printf("crash has more room\n");
}

static void *act(void *nothing) {
  if (shape->threads == 1) take(shape);
  run_words(word_count, words);
  show_core_limit();
  return nothing;
}

static void put(int fd, int at) { must(fd); if (fd != at) { must(dup2(fd, at)); close(fd); } }

static void actor(void) {
  int ends[2];
  alarm(10);
  must(setsid());
  for (int i = 0; i < VICTIMS && victims[i] > 0; i++)
    put(syscall(SYS_pidfd_open, victims[i], 0), PIDFDS + i);
  must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends)); put(ends[0], STREAM); put(ends[1], STREAM + 1);
  must(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends)); put(ends[0], DGRAM); put(ends[1], DGRAM + 1);
  put(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), TCP);
  put(socket(AF_INET, SOCK_DGRAM, 0), UDP);
  put(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), UNIX_STREAM);
  put(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0), UNIX_DGRAM);
  put(open("file", O_RDONLY), FILE_READ);
  put(open("private", O_RDWR), FILE_WRITE);
  put(open("dir", O_RDONLY | O_DIRECTORY), DIRECTORY);
  must(pipe(ends)); put(ends[0], PIPE); put(ends[1], PIPE + 1);
  struct rlimit limit;
  must(getrlimit(RLIMIT_CORE, &core_before));
  must(getrlimit(RLIMIT_NOFILE, &limit));
  if (shape->descriptors >= 0) limit.rlim_cur = shape->descriptors;
  must(setrlimit(RLIMIT_NOFILE, &limit));
  must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  sibling = getpid();
  if (shape->threads != 1) take(shape);
  if (shape->threads == 0) { act(NULL); return; }
  pthread_t thread;
  if (pthread_create(&thread, NULL, shape->threads == 1 ? act : idle, NULL)) _exit(98);
  if (shape->threads == 1) pthread_join(thread, NULL);
  else {
    while (sibling == getpid()) usleep(100);
    act(NULL);
  }
}

static void victim(int which) {
  sigset_t all; sigfillset(&all); sigprocmask(SIG_BLOCK, &all, NULL);
  must(prctl(PR_SET_PDEATHSIG, SIGKILL));
  must(dup2(secret, 20));
  const uid_t user = users[which];
  must(setgroups(0, NULL));
  must(setresgid(user, user, user));
  must(setresuid(user, user, user));
  must(prctl(PR_SET_DUMPABLE, 1));
  close(0);
  for (;;) pause();
}

static void signalled(int which) {
  char path[64], line[256];
  snprintf(path, sizeof path, "/proc/%d/status", victims[which]);
  FILE *status = fopen(path, "r");
  uint64_t pending = 0;
  while (status && fgets(line, sizeof line, status))
    if (!strncmp(line, "SigPnd:", 7) || !strncmp(line, "ShdPnd:", 7))
      pending |= strtoull(line + 7, NULL, 16);
  if (status) fclose(status);
  if (pending) printf("%s has signals %lx\n", names[which], pending);
  int nice = getpriority(PRIO_PROCESS, victims[which]);
  int scheduler = sched_getscheduler(victims[which]);
  if (nice || scheduler) printf("%s has priority %d %d\n", names[which], nice, scheduler);
}

static void make(const char *name, unsigned owner, unsigned group, unsigned mode) {
  int fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0600);
  must(fd); must(fchown(fd, owner, group)); must(fchmod(fd, mode));
  if (write(fd, name, strlen(name)) < 0) _exit(97);
  close(fd);
}

enum { LISTENERS = 4 };
static int listeners[LISTENERS];

// Every user may use the first two, root the others.
static void listen_here(void) {
  static const char *const at[LISTENERS] = {
    "listening", "datagrams", "guarded", "guarded-datagrams",
  };
  for (int i = 0; i < LISTENERS; i++) {
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    strcpy(a.sun_path, at[i]);
    listeners[i] = socket(AF_UNIX, i % 2 ? SOCK_DGRAM : SOCK_STREAM, 0);
    must(listeners[i]);
    must(bind(listeners[i], (void *)&a, sizeof a));
    must(chmod(at[i], i < 2 ? 0777 : 0700));
    if (i % 2 == 0) must(listen(listeners[i], 8));
  }
}

static void scene(void) {
  listen_here();
  make("file", 0, 0, 0644);
  make("private", 0, 0, 0600);
  make("mine", 33, 33, 0600);
  make("theirs", 65534, 65534, 0600);
  make("grouped", 0, 33, 0660);
  make("open", 0, 0, 0666);
  must(mkdir("dir", 0755));
  must(mkdir("closed", 0700));
  must(mkdir("wide", 0777));
  must(chmod("wide", 01777));
  make("wide/foreign", 1, 1, 0644); make("closed/inner", 0, 0, 0644);
  must(mkdir("ours", 0770)); must(chown("ours", 33, 33)); make("ours/inner", 33, 33, 0600);
  must(symlink("private", "link"));
  must(mkfifo("fifo", 0600));
}

static void list(const char *folder) {
  struct dirent **found;
  int count = scandir(folder, &found, NULL, alphasort);
  for (int i = 0; i < count; i++) {
    char path[600];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", folder, found[i]->d_name);
    if (found[i]->d_name[0] == '.' || lstat(path, &st) < 0) continue;
    long size = S_ISDIR(st.st_mode) ? 0 : st.st_size;
    printf("  %s %o %d:%d ", path, st.st_mode, st.st_uid, st.st_gid);
    printf("%ld %ld\n", size, (long)st.st_nlink);
    if (S_ISDIR(st.st_mode)) list(path);
  }
}

static bool needs_victims(const char *act) {
  for (int i = 0; i < VICTIMS; i++) if (strstr(act, names[i])) return true;
  return strstr(act, "pidfd_") || strstr(act, "process_") || strstr(act, "setns");
}

// It closes its standard input when it is what it is to be.
static void ready(pid_t victim) {
  char path[64];
  struct stat st;
  snprintf(path, sizeof path, "/proc/%d/fd/0", victim);
  while (lstat(path, &st) == 0) usleep(50);
}

static void run_line(int index, char *line) {
  char *bar = strchr(line, '|'), folder[32];
  *bar = 0;
  struct shape s = parse(line);
  static char *argv[4096];
  int argc = 0;
  argv[argc++] = "acts";
  bool harms = needs_victims(bar + 1);
  for (char *word = strtok(bar + 1, " \n"); word; word = strtok(NULL, " \n")) argv[argc++] = word;
  argv[argc] = NULL;
  shape = &s; words = argv; word_count = argc;
  snprintf(folder, sizeof folder, "%d", index);
  umask(0);
  must(mkdir(folder, 0777)); must(chdir(folder));
  scene();
  // Most acts concern no other process.
  for (int i = 0; i < VICTIMS; i++) victims[i] = 0;
  for (int i = 0; harms && i < VICTIMS; i++) {
    victims[i] = fork();
    must(victims[i]);
    if (victims[i] == 0) victim(i);
  }
  for (int i = 0; harms && i < VICTIMS; i++) ready(victims[i]);
  pid_t child = fork();
  must(child);
  if (child == 0) { actor(); fflush(stdout); _exit(0); }
  int status;
  must(waitpid(child, &status, 0));
  if (!WIFEXITED(status) || WEXITSTATUS(status)) printf("ended %x\n", status);
  for (int i = 0; harms && i < VICTIMS; i++) signalled(i);
  list(".");
  for (int i = 0; harms && i < VICTIMS; i++) {
    kill(victims[i], SIGKILL);
    waitpid(victims[i], NULL, 0);
  }
  for (int i = 0; i < LISTENERS; i++) close(listeners[i]);
  must(chdir(".."));
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IONBF, 0);
  more_words = structure;
  FILE *plan = argc == 2 ? fopen(argv[1], "r") : NULL;
  if (!plan) return 2;
  make("secret", 0, 0, 0600);
  secret = open("secret", O_RDONLY);
  must(secret);
  static char line[1 << 16];
  for (int index = 0; fgets(line, sizeof line, plan); index++) {
    printf("== %d\n", index);
    run_line(index, line);
  }
  return 0;
}
