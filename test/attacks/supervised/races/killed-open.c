// title: threads and processes end in the middle of their calls, and others take their numbers
#include "../../races/race.h"
// Shared with the children: what they opened, and whether it was ever the secret.
static struct { atomic_long tried, opened, refused, secrets; } *seen;
static void *opener(void *data) {
  const char *path = data;
  for (;;) {
    char c;
    int fd = open(path, O_RDONLY);
    seen->tried++;
    if (fd < 0) { seen->refused++; continue; }
    seen->opened++;
    if (read(fd, &c, 1) == 1) seen->secrets++;
    close(fd);
    // Threads come and go all the while.
    pthread_t next;
    if (pthread_create(&next, 0, opener, data) == 0) { pthread_detach(next); return 0; }
  }
}
static void attack(void) {
  static char mine[4096], theirs[4096];
  strcpy(mine, in_scratch("granted/file"));
  strcpy(theirs, in_scratch("secret/file"));
  close(NEED(open(mine, O_CREAT | O_WRONLY, 0600)));
  seen = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  while (seen->tried < tries() && !seen->secrets) {
    pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
      pthread_t t;
      pthread_create(&t, 0, opener, mine);
      opener(theirs);
      // Its first thread must never come to the lines below, where its number of the child is 0:
      // the whole group.
      for (;;) pause();
    }
    usleep((useconds_t)(rand() % 20000));
    kill(child, SIGKILL);
    waitpid(child, 0, 0);
  }
  report(seen->opened, seen->refused);
  if (seen->secrets) succeeded("read a secret in the place of another");
  refused("in no try");
}
