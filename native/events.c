#include <poll.h>

#include "launcher.h"

/* How long the collector may take to listen, in milliseconds. */
#define COLLECTOR_READY_MS 10000
#define COLLECTOR DIST_DIR "/collector.js"
#define STEP "start the collector of events"

#define LOG_HELP "no event may be lost: make it writable for you, or name another place with --events FILE"

/* Makes every missing folder of an absolute path. */
static void make_folders(const char *path)
{
  char *copy = joined(path, "/", "");
  for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    need(mkdir(copy, geteuid() == 0 ? 0755 : 0700) == 0 || errno == EEXIST, "make the folder of the event log", copy,
         LOG_HELP);
    *slash = '/';
  }
}

static int open_log(void)
{
  const int folder_flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  const char *folder = places_log(), *path = joined(folder, "/events.jsonl", "");
  int directory = open(folder, folder_flags);
  if (directory < 0 && errno == ENOENT) {
    make_folders(folder);
    directory = open(folder, folder_flags);
  }
  need(directory >= 0, "open the folder of the event log", folder, LOG_HELP);
  if (!trusted(directory, S_IFDIR))
    refuse("trust the folder of the event log", folder, EPERM, "only root or you may be able to write it");
  int log = openat(directory, "events.jsonl", O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                   geteuid() == 0 ? 0640 : 0600);
  need(log >= 0, "open the event log", path, LOG_HELP);
  if (!trusted(log, S_IFREG))
    refuse("trust the event log", path, EPERM, "it must be a regular file that only root or you may write");
  close(directory);
  return log;
}

static int start_collector(const struct options *options, const char *plan_path)
{
  int events[2], ready[2];
  need(pipe2(events, O_CLOEXEC) == 0 && pipe2(ready, O_CLOEXEC) == 0, "make the pipes of the collector", NULL,
       "raise the limit of descriptors (ulimit -n)");
  const char *arguments[] = {NODE_PATH_ABS, COLLECTOR, options->domain, plan_path, options->events, NULL};
  const int handed[] = {events[0], ready[1]};
  node_start(STEP, arguments, STDOUT_FILENO, handed, 2, false);
  close(events[0]);
  close(ready[1]);
  struct pollfd poll_ready = {.fd = ready[0], .events = POLLIN};
  char byte;
  int count;
  while ((count = poll(&poll_ready, 1, COLLECTOR_READY_MS)) < 0 && errno == EINTR)
    continue;
  if (count == 0)
    refuse(STEP, COLLECTOR, ETIMEDOUT, "start again without --events to see more");
  if (count < 0 || read(ready[0], &byte, 1) != 1)
    refuse(STEP, COLLECTOR, 0, "it ended before it was ready; see its message");
  close(ready[0]);
  return events[1];
}

int events_open(const struct options *options, const char *plan_path)
{
  return options->events != NULL ? start_collector(options, plan_path) : open_log();
}
