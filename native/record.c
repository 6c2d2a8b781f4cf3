#include <endian.h>

#include "launcher.h"

#define STEP "make the record of this run"
#define HELP                                                                    \
  "`cofferdam ps` finds runs there: it must be writable for you, and the start " \
  "must come from outside any domain"
/* Fields of /proc/PID/stat (proc_pid_stat(5)): the name, which ends in `)`, and the start time in
   clock ticks since boot. */
enum { FIELD_COMM = 2, FIELD_START = 22 };

/* Size of /proc/PID/stat, bytes: 52 numbers and a name of 64 bytes. */
#define STAT_BYTES_MAX 1280

static uint64_t start_of(pid_t process)
{
  char path[32], text[STAT_BYTES_MAX];
  snprintf(path, sizeof path, "/proc/%d/stat", process);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
  need(length > 0, STEP, path, "mount /proc");
  close(file);
  text[length] = 0;
  const char *field = strrchr(text, ')');
  for (int i = FIELD_COMM; field != NULL && i < FIELD_START; i++)
    field = strchr(field + 1, ' ');
  if (field == NULL)
    refuse(STEP, path, 0, "it is not in the form of proc_pid_stat(5)");
  return strtoull(field, NULL, 10);
}

static int open_folder(const char *path)
{
  const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  int folder = open(path, flags);
  if (folder < 0 && errno == ENOENT) {
    /* A umask that denies the user everything would break the next start, too. */
    mode_t callers = umask(0);
    if (mkdir(path, geteuid() == 0 ? 0755 : 0700) == 0)
      folder = open(path, flags);
    umask(callers);
  }
  need(folder >= 0, STEP, path, HELP);
  if (!trusted(folder, S_IFDIR))
    refuse("trust the folder of runs", path, EPERM, "only root or you may be able to write it");
  return folder;
}

void record_make(const struct plan *plan, const char *live, pid_t holder, struct record *record)
{
  static const char *const levels[] = {
      [PLAN_LEVEL_ENFORCING] = "enforcing",
      [PLAN_LEVEL_WARNING] = "warning",
  };
  const char *folder = places_running("runs");
  snprintf(record->name, sizeof record->name, "%d", getpid());
  const char *domain = plan_string(plan, plan->head->domain);
  const char *mode = plan_has(plan, PLAN_SUPERVISED) ? "supervised" : "sealed";
  uint64_t policy;
  memcpy(&policy, plan->head->policy, sizeof policy);
  int length =
      snprintf(record->text, sizeof record->text,
               "%s %" PRIu32 " %s %s %" PRIu64 " %d %" PRIu64 " %s %016" PRIx64, domain,
               plan->head->number, mode, levels[plan->head->level], start_of(getpid()), holder,
               start_of(holder), live, be64toh(policy));
  if (length >= (int)sizeof record->text)
    refuse(STEP, domain, ENAMETOOLONG, "give the domain a shorter name");
  record->folder = open_folder(folder);
  /* An existing link belongs to an earlier process with this id, whose holder was killed or
     outlives it. */
  unlinkat(record->folder, record->name, 0);
  need(symlinkat(record->text, record->folder, record->name) == 0, STEP, folder, HELP);
}

void record_remove(const struct record *record)
{
  char text[sizeof record->text];
  if (record->folder < 0)
    return;
  ssize_t length = readlinkat(record->folder, record->name, text, sizeof text);
  if (length == (ssize_t)strlen(record->text) && memcmp(text, record->text, (size_t)length) == 0)
    unlinkat(record->folder, record->name, 0);
}
