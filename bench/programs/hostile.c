// hostile ATTACK FOLDER HANGING: keeps the mediator from others, in one of the ways that `attacks`
// lists, until it is killed. FOLDER is its own to write, HANGING a file system of
// `programs/hanging-files.c`. Prints `ready` before the attack begins. Calls that are refused are
// part of it: it goes on.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define THREADS_FEW 8
#define THREADS_FLOOD 64
#define FIFOS 1000
#define CONNECTIONS 500
#define GROUPS 65536
#define STACK_BYTES 65536
#define PATH_BYTES 4096
// Physical memory, mapped over and over: page tables count, not memory.
#define SHARED_BYTES (64UL << 20)
#define MAPPINGS 320UL
#define LARGE_BYTES (8L << 30)
#define LINGER_S 60

static const char *folder, *hanging;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void threads(int count, void *(*run)(void *)) {
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, STACK_BYTES);
  for (long i = 0; i < count; i++) {
    pthread_t one;
    if (pthread_create(&one, &small, run, (void *)i)) return;
  }
}

static const char *in_folder(char *path, const char *name, long number) {
  snprintf(path, PATH_BYTES, "%s/%s-%ld", folder, name, number);
  return path;
}

static int file_of(const char *name, long number) {
  char path[PATH_BYTES];
  int fd = open(in_folder(path, name, number), O_CREAT | O_RDWR, 0600);
  if (fd < 0) fail(path);
  return fd;
}

// A change of mode is asked about in every domain, sealed ones included.
static void *change_modes(void *number) {
  char path[PATH_BYTES];
  in_folder(path, "mode", (long)number);
  for (;;) chmod(path, 0600);
}

static void some_change_modes(int count) {
  for (long i = 0; i < count; i++) close(file_of("mode", i));
  threads(count, change_modes);
}

// The path is on a page that is never filled.
static void *ask_by_page(void *unused) {
  char path[PATH_BYTES];
  (void)unused;
  snprintf(path, sizeof path, "%s/page", hanging);
  int fd = open(path, O_RDONLY);
  char *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
  if (fd < 0 || page == MAP_FAILED) fail(path);
  for (;;) chmod(page, 0600);
}

static void page(void) { threads(THREADS_FEW, ask_by_page); }

static char *region;

// Holds mmap_lock while it goes through all page tables of the region.
static void *protect(void *unused) {
  (void)unused;
  for (int writable = 0;; writable = !writable)
    mprotect(region, MAPPINGS * SHARED_BYTES, PROT_READ | (writable ? PROT_WRITE : 0));
}

static void memory(void) {
  int fd = file_of("memory", 0);
  if (ftruncate(fd, (off_t)SHARED_BYTES)) fail("ftruncate");
  region = mmap(NULL, MAPPINGS * SHARED_BYTES, PROT_NONE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (region == MAP_FAILED) fail("mmap");
  for (unsigned long i = 0; i < MAPPINGS; i++)
    if (mmap(region + i * SHARED_BYTES, SHARED_BYTES, PROT_READ,
             MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd, 0) == MAP_FAILED)
      fail("mmap of the file");
  threads(1, protect);
  some_change_modes(THREADS_FEW);
}

static void *wait_for_writer(void *number) {
  char path[PATH_BYTES];
  mkfifo(in_folder(path, "fifo", (long)number), 0600);
  for (;;)
    if (open(path, O_RDONLY) < 0) usleep(1000);
}

static void fifos(void) { threads(FIFOS, wait_for_writer); }

static struct sockaddr_un full;

static void *wait_for_room(void *unused) {
  (void)unused;
  for (;;) {
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    if (s < 0 || connect(s, (struct sockaddr *)&full, sizeof full)) usleep(1000);
    // What was taken into the queue stays there.
    else pause();
    close(s);
  }
}

static void listener(void) {
  int s = socket(AF_UNIX, SOCK_STREAM, 0);
  full.sun_family = AF_UNIX;
  snprintf(full.sun_path, sizeof full.sun_path, "%s/full.sock", folder);
  if (s < 0 || bind(s, (struct sockaddr *)&full, sizeof full) || listen(s, 1)) fail("listen");
  threads(CONNECTIONS, wait_for_room);
}

static void groups(void) {
  static gid_t many[GROUPS];
  for (int i = 0; i < GROUPS; i++) many[i] = 100000 + (gid_t)i;
  // The mediator refuses a set that would keep it reading.
  int most = GROUPS;
  while (most > 0 && setgroups((size_t)most, many)) most /= 2;
  if (most == 0) fail("setgroups");
  some_change_modes(THREADS_FEW);
}

static void flood(void) { some_change_modes(THREADS_FLOOD); }

static void *open_leased(void *unused) {
  char path[PATH_BYTES];
  (void)unused;
  in_folder(path, "leased", 0);
  for (;;) {
    int fd = open(path, O_WRONLY | O_TRUNC);
    if (fd >= 0) close(fd);
    chmod(path, 0600);
  }
}

// Every opener of the file waits until the lease is given up, which never happens.
static void lease(void) {
  int fd = file_of("leased", 0);
  signal(SIGIO, SIG_IGN);
  if (fcntl(fd, F_SETLEASE, F_WRLCK)) fail("F_SETLEASE");
  threads(THREADS_FEW, open_leased);
}

static void *fill_and_empty(void *unused) {
  (void)unused;
  for (int fd = file_of("large", 0);;) {
    if (fallocate(fd, 0, 0, LARGE_BYTES) || ftruncate(fd, 0)) usleep(1000);
  }
}

static void *empty(void *unused) {
  char path[PATH_BYTES];
  (void)unused;
  in_folder(path, "large", 0);
  for (;;) {
    int fd = open(path, O_WRONLY | O_TRUNC);
    if (fd >= 0) close(fd);
    chmod(path, 0600);
  }
}

static void large(void) {
  close(file_of("large", 0));
  threads(2, fill_and_empty);
  threads(2, empty);
}

static struct sockaddr_in deaf;
static int lingering;

static void *close_meanwhile(void *unused) {
  (void)unused;
  for (;;) {
    int fd = __atomic_exchange_n(&lingering, -1, __ATOMIC_SEQ_CST);
    if (fd >= 0) {
      usleep((useconds_t)rand() % 200);
      // The process that closes the last copy waits for the peer, which reads nothing.
      close(fd);
    }
  }
}

static void fill(int fd) {
  static char bytes[1 << 16];
  while (send(fd, bytes, sizeof bytes, MSG_DONTWAIT | MSG_NOSIGNAL) > 0) continue;
}

static void *copy_lingering(void *unused) {
  struct linger wait = {1, LINGER_S};
  (void)unused;
  for (;;) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&deaf, sizeof deaf)) {
      close(fd);
      usleep(1000);
      continue;
    }
    fill(fd);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &wait, sizeof wait);
    __atomic_store_n(&lingering, fd, __ATOMIC_SEQ_CST);
    // The mediator takes a copy of the descriptor to see what it is.
    for (int i = 0; i < 20; i++) connect(fd, (struct sockaddr *)&deaf, sizeof deaf);
  }
}

static void closing(void) {
  socklen_t length = sizeof deaf;
  int s = socket(AF_INET, SOCK_STREAM, 0);
  deaf = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  if (s < 0 || bind(s, (struct sockaddr *)&deaf, sizeof deaf) || listen(s, 4096) ||
      getsockname(s, (struct sockaddr *)&deaf, &length))
    fail("listen");
  threads(THREADS_FEW, close_meanwhile);
  threads(2, copy_lingering);
}

static void *execute_hanging(void *unused) {
  char path[PATH_BYTES];
  (void)unused;
  snprintf(path, sizeof path, "%s/program", hanging);
  for (;;) {
    pid_t child = fork();
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      execl(path, path, (char *)NULL);
      _exit(127);
    }
    if (child > 0) waitpid(child, NULL, 0);
    else usleep(1000);
  }
}

static void program(void) { threads(THREADS_FEW, execute_hanging); }

static void *close_silent(void *unused) {
  char path[PATH_BYTES];
  (void)unused;
  snprintf(path, sizeof path, "%s/silent", hanging);
  for (;;) {
    int fd = open(path, O_RDONLY);
    if (fd < 0) usleep(1000);
    else close(fd);
  }
}

static void silent(void) { threads(THREADS_FEW, close_silent); }

static const struct {
  const char *name;
  void (*begin)(void);
} attacks[] = {{"page", page},   {"memory", memory}, {"fifos", fifos}, {"listener", listener},
               {"groups", groups}, {"flood", flood},  {"lease", lease}, {"large", large},
               {"closing", closing}, {"program", program}, {"silent", silent}};

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  folder = argv[2];
  hanging = argv[3];
  for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++) {
    if (strcmp(attacks[i].name, argv[1])) continue;
    attacks[i].begin();
    puts("ready");
    fflush(stdout);
    for (;;) pause();
  }
  fprintf(stderr, "unknown attack %s\n", argv[1]);
  return 2;
}
