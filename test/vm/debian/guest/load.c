/* A daemon that does what its unit limits: it says on standard output how far it came, and stays.
   It is called with the case of limits.ts, of which the first word counts.
     tasks    forks until it may not
     oom-*    a child takes more memory than its unit may
     kill-*   a child in a session of its own, and an orphan that ignores SIGTERM
     numbers  uses the processor, memory and the network
     address  sends to 127.0.0.1
     journal  a child in a session of its own says something, too */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MEGABYTE = 1 << 20, TOO_MANY_MEGABYTES = 300, WORK_MEGABYTES = 40 };
enum { WORK_MILLISECONDS = 500, DATAGRAMS = 100 };

static void stay(void) {
  for (;;) pause();
}

static void take(size_t megabytes) {
  char *memory = malloc(megabytes * MEGABYTE);
  if (memory != NULL) memset(memory, 1, megabytes * MEGABYTE);
  /* A compiler may not leave out what nobody reads. */
  __asm__ volatile("" : : "r"(memory) : "memory");
}

static void forks(void) {
  for (int count = 0;; count++) {
    pid_t child = fork();
    if (child == 0) stay();
    if (child > 0) continue;
    printf("%d forks, then %s\n", count, errno == EAGAIN ? "EAGAIN" : strerror(errno));
    return;
  }
}

static void eats(void) {
  int status;
  pid_t child = fork();
  if (child == 0) {
    take(TOO_MANY_MEGABYTES);
    _exit(0);
  }
  if (waitpid(child, &status, 0) != child) return;
  if (WIFSIGNALED(status)) printf("child: signal %d\n", WTERMSIG(status));
  else printf("child: status %d\n", WEXITSTATUS(status));
}

/* Says who it is; whoever started it goes on then. */
static void is(const char *name) {
  printf("%s %d\n", name, (int)getpid());
  fflush(stdout);
}

static void family(void) {
  is("main");
  if (fork() == 0) {
    setsid();
    is("session");
    stay();
  }
  pid_t between = fork();
  if (between == 0) {
    if (fork() > 0) _exit(0);
    signal(SIGTERM, SIG_IGN);
    is("deaf");
    stay();
  }
  waitpid(between, NULL, 0);
}

/* How many of the datagrams left. */
static int sends(void) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int sender = socket(AF_INET, SOCK_DGRAM, 0);
  int sent = 0;
  for (int i = 0; i < DATAGRAMS; i++)
    sent += sendto(sender, "datagram", 8, 0, (struct sockaddr *)&to, sizeof to) == 8;
  return sent;
}

static void works(void) {
  struct timespec used;
  int sent = sends();
  take(WORK_MEGABYTES);
  do clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  while (used.tv_sec * 1000 + used.tv_nsec / 1000000 < WORK_MILLISECONDS);
  printf("worked, sent %s\n", sent > 0 ? "some" : "none");
}

static void asks(void) {
  if (sends() > 0) printf("sent some\n");
  else printf("sent none: %s\n", strerror(errno));
}

static void speaks(void) {
  if (fork() == 0) {
    setsid();
    printf("said by its child\n");
    fflush(stdout);
    stay();
  }
  printf("said by the daemon\n");
}

int main(int argc, char **argv) {
  static const struct {
    const char *begin;
    void (*act)(void);
  } cases[] = {
      {"tasks", forks},   {"oom-", eats},    {"kill-", family},
      {"numbers", works}, {"address", asks}, {"journal", speaks},
  };
  for (size_t i = 0; argc == 2 && i < sizeof cases / sizeof *cases; i++)
    if (strncmp(argv[1], cases[i].begin, strlen(cases[i].begin)) == 0) {
      cases[i].act();
      fflush(stdout);
      stay();
    }
  return 2;
}
