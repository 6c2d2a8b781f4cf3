#include <linux/openat2.h>

#include "launcher.h"

/* linux/landlock.h, written out because distributions' headers are older than the kernels they
   meet. */
struct ruleset_attributes {
  uint64_t handled_fs, handled_net, scoped;
};
struct path_beneath {
  uint64_t rights;
  int32_t parent;
} __attribute__((packed));
struct net_port {
  uint64_t rights, port;
};
struct held_object {
  uint64_t device, inode;
};
enum { RULE_PATH_BENEATH = 1, RULE_NET_PORT = 2 };

/* The name is gone, is now a link or another type of file, or is unreachable. A sealed domain
   treats it like a name made after its start, which no rule covers. */
static bool is_late(int error)
{
  static const int late[] = {EACCES,    EHOSTDOWN, EIO,    ELOOP,     ENOENT,
                             ENOTCONN, ENOTDIR,   ESTALE, ETIMEDOUT};
  for (size_t i = 0; i < sizeof late / sizeof *late; i++)
    if (error == late[i])
      return true;
  return false;
}

/* Opens a path component by component, for callers whose seccomp filter refuses openat2, such as
   that of a unit with RestrictSUIDSGID=: a filter cannot read the mode in openat2's structure. */
static int walk_without_links(const char *path, int flags)
{
  int at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  char *rest = joined(path, "", ""), *next;
  for (char *name = strtok_r(rest, "/", &next); name != NULL && at >= 0;) {
    char *after = strtok_r(NULL, "/", &next);
    int above = at;
    at = openat(above, name, O_PATH | O_NOFOLLOW | O_CLOEXEC | (after ? O_DIRECTORY : flags));
    int error = errno;
    close(above);
    errno = error;
    name = after;
  }
  free(rest);
  struct stat status;
  if (at >= 0 && fstat(at, &status) == 0 && S_ISLNK(status.st_mode))
    return close(at), errno = ELOOP, -1;
  return at;
}

static int open_without_links(const char *path, int flags)
{
  struct open_how how = {.flags = (uint64_t)(O_PATH | O_CLOEXEC | flags),
                         .resolve = RESOLVE_NO_SYMLINKS};
  int object = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
  return object < 0 && errno == ENOSYS ? walk_without_links(path, flags) : object;
}

static void add_path(int ruleset, const struct plan *plan, const struct plan_path_rules *rule,
                     struct held_object *held)
{
  const char *path = plan_string(plan, rule->path), *step = "open a path for its Landlock rule";
  int object = open_without_links(path, rule->directory != 0 ? O_DIRECTORY : 0);
  if (object < 0 && is_late(errno))
    return;
  need(object >= 0, step, path, NULL);
  struct stat status;
  need(fstat(object, &status) == 0, step, path, NULL);
  /* On a directory, a file's rights would apply to everything below it. */
  if (rule->directory == 0 && S_ISDIR(status.st_mode)) {
    close(object);
    return;
  }
  struct path_beneath attributes = {rule->rights, object};
  need(syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &attributes, 0) == 0,
       "add a Landlock rule", path, "compile the plan on this kernel again");
  *held = (struct held_object){status.st_dev, status.st_ino};
  close(object);
}

static void add_port(int ruleset, const struct plan_port_rules *rule)
{
  struct net_port port = {rule->rights, rule->port};
  char object[32];
  snprintf(object, sizeof object, "port %" PRIu64, rule->port);
  need(syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &port, 0) == 0,
       "add a Landlock rule", object, "compile the plan on this kernel again");
}

/* Which objects the rules are on cannot be asked of the kernel (src/host/held-names.ts). */
static int memory_of(const struct held_object *held, size_t count)
{
  const int seals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  const ssize_t length = (ssize_t)(count * sizeof *held);
  int memory = memory_make("cofferdam-held");
  need(memory >= 0 && write(memory, held, (size_t)length) == length &&
           fcntl(memory, F_ADD_SEALS, seals) == 0,
       "record the objects of the Landlock rules", "memfd",
       "raise the limit of descriptors (ulimit -n)");
  return memory;
}

int landlock_build(const struct plan *plan, int *held)
{
  struct ruleset_attributes attributes = {plan->head->handled_fs, plan->head->handled_net,
                                          plan->head->scoped};
  /* Kernels before ABI 4 and 6 know a shorter structure, so only as much is passed as the plan
     needs. */
  size_t size = attributes.scoped != 0        ? sizeof attributes
                : attributes.handled_net != 0 ? offsetof(struct ruleset_attributes, scoped)
                                              : offsetof(struct ruleset_attributes, handled_net);
  int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, size, 0);
  need(ruleset >= 0, "create the Landlock ruleset", NULL,
       "`cofferdam doctor` says what this kernel can do");
  const size_t paths = plan->section[SECTION_PATH_RULES].count;
  struct held_object *objects = calloc(paths + 1, sizeof *objects);
  need(objects != NULL, "record the objects of the Landlock rules", NULL, NULL);
  for (size_t i = 0; i < paths; i++)
    add_path(ruleset, plan, &plan_records(plan, SECTION_PATH_RULES, plan_path_rules)[i],
             &objects[i]);
  *held = memory_of(objects, paths);
  free(objects);
  for (size_t i = 0; i < plan->section[SECTION_PORT_RULES].count; i++)
    add_port(ruleset, &plan_records(plan, SECTION_PORT_RULES, plan_port_rules)[i]);
  return ruleset;
}

/* Provokes a denial: the kernel's record of it ties the Landlock domain's number to this plan. If
   the start of another variant of the domain has removed the file, its folder is used instead. */
static bool denied(const char *plan_path, const char **object)
{
  *object = plan_path;
  int file = open(plan_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file < 0 && errno == ENOENT) {
    char *folder = joined(plan_path, "", "");
    *strrchr(folder, '/') = 0;
    *object = folder;
    file = open(folder, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_DIRECTORY);
  }
  if (file >= 0)
    refuse("protect the plan from its own domain", *object, 0,
           "the policy grants reading it; remove that grant");
  return errno == EACCES;
}

void landlock_enter(const struct plan *plan, int ruleset, const char *plan_path)
{
  long entered = syscall(SYS_landlock_restrict_self, ruleset, plan->head->restrict_flags);
  need(entered == 0, "enter the Landlock domain", NULL,
       "at most 16 domains can be nested; `cofferdam doctor` says more");
  close(ruleset);
  const char *object;
  bool kept = denied(plan_path, &object);
  need(kept, "deny the domain its own plan", object,
       "the plan disappeared during the start; start again");
}
