#include "launcher.h"

/* Limit on the collector's start, in milliseconds. Long enough for a busy machine: only a collector
   that hangs is reported. */
#define COLLECTOR_READY_MS 60000
#define COLLECTOR DIST_DIR "/collector.js"
#define STEP "start the collector of events"

int events_start(const struct options *options, const char *plan_path)
{
  int events[2], ready[2];
  need(pipe2(events, O_CLOEXEC) == 0 && pipe2(ready, O_CLOEXEC) == 0,
       "make the pipes of the collector", NULL, "raise the limit of descriptors (ulimit -n)");
  const char *arguments[] = {NODE_PATH_ABS, COLLECTOR,       options->domain,
                             plan_path,     options->events, NULL};
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
