#include "events.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node.h"
#include "places.h"
#include "report.h"

/* How long the collector may take to listen, in milliseconds. */
#define COLLECTOR_READY_MS 10000

/* Makes every missing folder of an absolute path. */
static void make_folders(const char *path)
{
  char *copy = joined(path, "/", "");
  for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    if (mkdir(copy, geteuid() == 0 ? 0755 : 0700) != 0 && errno != EEXIST)
      refuse("make the folder of the event log", copy, errno, NULL);
    *slash = '/';
  }
}

static bool trusted(int file, mode_t type)
{
  struct stat status;
  return fstat(file, &status) == 0 && (status.st_mode & S_IFMT) == type &&
         (status.st_uid == 0 || status.st_uid == geteuid()) && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static int open_log(void)
{
  const char *folder = places_events();
  const char *path = joined(folder, "/events.jsonl", "");
  make_folders(folder);
  int directory = open(folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (directory < 0 || !trusted(directory, S_IFDIR))
    refuse("trust the folder of the event log", folder, errno, "only root or you may be able to write it");
  int log = openat(directory, "events.jsonl", O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                   geteuid() == 0 ? 0640 : 0600);
  if (log < 0)
    refuse("open the event log", path, errno, NULL);
  if (!trusted(log, S_IFREG))
    refuse("trust the event log", path, EPERM, "it must be a regular file that only root or you may write");
  close(directory);
  return log;
}

static void await(int ready)
{
  struct pollfd poll_ready = {.fd = ready, .events = POLLIN};
  char byte;
  int count = poll(&poll_ready, 1, COLLECTOR_READY_MS);
  if (count == 0)
    refuse("start the collector of events", DIST_DIR "/collector.js", ETIMEDOUT, "start again without --events to see more");
  if (count < 0 || read(ready, &byte, 1) != 1)
    refuse("start the collector of events", DIST_DIR "/collector.js", 0, "it ended before it was ready; see its message");
  close(ready);
}

static int start_collector(const struct options *options, const char *plan_path)
{
  int events[2], ready[2];
  if (pipe2(events, O_CLOEXEC) != 0 || pipe2(ready, O_CLOEXEC) != 0)
    refuse("make the pipes of the collector", NULL, errno, "raise the limit of descriptors (ulimit -n)");
  const char *arguments[] = {
      NODE_PATH_ABS, DIST_DIR "/collector.js", options->domain, plan_path, options->events, NULL,
  };
  const struct handed handed[] = {{events[0], 3}, {ready[1], 4}};
  int status = node_child("start the collector of events", arguments, STDOUT_FILENO, handed, 2, false);
  if (status != 0)
    refuse("start the collector of events", DIST_DIR "/collector.js", 0, "see the message above");
  close(events[0]);
  close(ready[1]);
  await(ready[0]);
  return events[1];
}

int events_open(const struct options *options, const char *plan_path)
{
  return options->events != NULL ? start_collector(options, plan_path) : open_log();
}
