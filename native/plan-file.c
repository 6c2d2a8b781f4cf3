#include <sys/sendfile.h>

#include "launcher.h"

/* Since Linux 6.3, which can be configured to refuse memory without it. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8u
#endif

bool trusted(int file, uint32_t type)
{
  struct stat status;
  return fstat(file, &status) == 0 && (status.st_mode & S_IFMT) == type &&
         (status.st_uid == 0 || status.st_uid == geteuid()) &&
         (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

int memory_make(const char *name)
{
  int made = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
  return made < 0 && errno == EINVAL ? memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING) : made;
}

int plan_memory(void)
{
  int memory = memory_make("cofferdam-plan");
  need(memory >= 0, "make room for the plan", "memfd",
       "raise the limit of descriptors (ulimit -n)");
  return memory;
}

void plan_drop(struct plan *plan)
{
  if (plan->bytes != NULL)
    munmap((void *)plan->bytes, plan->length);
  if (plan->memory >= 0)
    close(plan->memory);
  *plan = (struct plan){.memory = -1};
}

static bool useless(struct problem *problem, const char *step, const char *object, int error,
                    const char *help)
{
  /* Copied, because it may lie in the plan, which is freed. */
  *problem = (struct problem){step, joined(object, "", ""), error, help};
  return false;
}

/* Writing beyond this limit, even to memory, ends the process by SIGXFSZ. */
static void need_room(const char *name, size_t length)
{
  struct rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur < length + SLOTS_BYTES)
    refuse("make room for the plan", name, EFBIG,
           "raise the limit of file sizes (ulimit -f); it holds for memory too");
}

/* The memfd is sealed first, so the bytes that the launcher checks are those that the mediator
   gets. */
static bool seal(const char *name, struct plan *plan, struct problem *problem)
{
  const int seals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  need(fcntl(plan->memory, F_ADD_SEALS, seals) == 0, "seal the plan", "memfd", NULL);
  void *bytes = mmap(NULL, plan->length, PROT_READ, MAP_PRIVATE | MAP_POPULATE, plan->memory, 0);
  need(bytes != MAP_FAILED, "make room for the plan", name, NULL);
  plan->bytes = bytes;
  const char *wrong = plan_check(plan);
  return wrong == NULL || useless(problem, "understand the plan", name, 0, wrong);
}

bool plan_memory_read(const char *name, struct plan *plan, struct problem *problem)
{
  struct stat status;
  if (fstat(plan->memory, &status) != 0 || status.st_size <= 0 || status.st_size > PLAN_BYTES_MAX)
    return useless(problem, "read the plan", name, 0, "the compiler wrote none");
  plan->length = (size_t)status.st_size;
  need_room(name, plan->length);
  return seal(name, plan, problem);
}

static bool copy(int file, const char *name, struct plan *plan, struct problem *problem)
{
  struct stat status;
  if (fstat(file, &status) != 0 || status.st_size <= 0 || status.st_size > PLAN_BYTES_MAX)
    return useless(problem, "read the plan", name, 0,
                   "its size is not that of a plan; remove it and start again");
  need_room(name, (size_t)status.st_size);
  plan->memory = plan_memory();
  ssize_t got;
  while ((got = sendfile(plan->memory, file, NULL, (size_t)status.st_size + 1 - plan->length)) > 0)
    plan->length += (size_t)got;
  if (got < 0 || plan->length != (size_t)status.st_size)
    return useless(problem, "read the plan", name, got < 0 ? errno : 0,
                   "it changed while it was read; start again");
  return seal(name, plan, problem);
}

static bool load(int file, const char *name, const char *start, enum plan_age age,
                 struct plan *plan, struct problem *problem)
{
  const char *object = name, *wrong;
  if (!trusted(file, S_IFREG))
    return useless(problem, "trust the plan", name, EPERM,
                   "it must be a regular file that only root or you may write; remove it and "
                   "start again");
  if (!copy(file, name, plan, problem))
    return false;
  if ((wrong = facts_stale(plan, start, age, &object)) != NULL)
    return useless(problem, "use the ready plan", object, 0, wrong);
  if ((wrong = host_changed(plan, age, &object)) != NULL)
    return useless(problem, "use the ready plan", object, 0, wrong);
  return true;
}

static int open_plan(const char *directory, const char *name, struct problem *problem)
{
  int folder = open(directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder < 0)
    return useless(problem, "open the folder of plans", directory, errno, NULL), -1;
  bool safe = trusted(folder, S_IFDIR);
  const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  int file = safe ? openat(folder, name, flags) : -1;
  int error = errno;
  close(folder);
  if (!safe)
    useless(problem, "trust the folder of plans", directory, EPERM,
            "only root or you may be able to write it");
  else if (file < 0)
    useless(problem, "open the plan", name, error,
            error == EACCES ? "domains have no access to plans: start this from outside any domain"
                            : NULL);
  return file;
}

bool plan_file_read(const char *directory, const char *name, const char *start, enum plan_age age,
                    struct plan *plan, struct problem *problem)
{
  *plan = (struct plan){.memory = -1};
  int file = open_plan(directory, name, problem);
  if (file < 0)
    return false;
  bool good = load(file, name, start, age, plan, problem);
  close(file);
  if (!good)
    plan_drop(plan);
  return good;
}
