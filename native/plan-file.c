#include "plan-file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "facts.h"

static bool wrong(struct problem *problem, const char *step, const char *object, int error, const char *help)
{
  *problem = (struct problem){step, object, error, help};
  return false;
}

/* Only root and the user for whom the daemon is started may have had a hand in it. */
static bool trusted(const struct stat *status)
{
  return (status->st_uid == 0 || status->st_uid == geteuid()) && (status->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static bool read_whole(int file, uint8_t *bytes, size_t length)
{
  size_t done = 0;
  while (done < length) {
    ssize_t got = read(file, bytes + done, length - done);
    if (got <= 0)
      return got == 0 ? (errno = ENODATA, false) : false;
    done += (size_t)got;
  }
  char more;
  return read(file, &more, 1) == 0 ? true : (errno = EFBIG, false);
}

static bool load(int file, const char *name, struct plan *plan, struct problem *problem)
{
  struct stat status;
  if (fstat(file, &status) != 0)
    return wrong(problem, "examine the plan", name, errno, NULL);
  if (!S_ISREG(status.st_mode) || !trusted(&status))
    return wrong(problem, "trust the plan", name, EPERM,
                 "it must be a regular file that only root or you may write; remove it and start again");
  if (status.st_size <= 0 || status.st_size > PLAN_BYTES_MAX)
    return wrong(problem, "read the plan", name, 0, "its size is not that of a plan; remove it and start again");
  size_t length = (size_t)status.st_size;
  uint8_t *bytes = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (bytes == MAP_FAILED)
    return wrong(problem, "make room for the plan", name, errno, NULL);
  *plan = (struct plan){.bytes = bytes, .length = length};
  if (!read_whole(file, bytes, length))
    return wrong(problem, "read the plan", name, errno, "it changed while it was read; start again");
  const char *damage = plan_check(plan);
  return damage == NULL || wrong(problem, "understand the plan", name, 0, damage);
}

bool plan_file_read(const char *directory, const char *name, struct plan *plan, struct problem *problem)
{
  *plan = (struct plan){0};
  int folder = open(directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder < 0)
    return wrong(problem, "open the folder of plans", directory, errno, NULL);
  struct stat status;
  bool good = fstat(folder, &status) == 0 && trusted(&status);
  int file = good ? openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
  int error = errno;
  close(folder);
  if (!good)
    return wrong(problem, "trust the folder of plans", directory, EPERM, "only root or you may be able to write it");
  if (file < 0)
    return wrong(problem, "open the plan", name, error, NULL);
  good = load(file, name, plan, problem);
  close(file);
  if (good && facts_hold(plan, problem))
    return true;
  plan_forget(plan);
  return false;
}

void plan_forget(const struct plan *plan)
{
  if (plan->bytes != NULL)
    munmap((void *)plan->bytes, plan->length);
}
