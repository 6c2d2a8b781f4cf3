/* Reads a plan's bytes as docs/plan-format.md describes them, and demands of them what src/plan/demands.ts demands. */
#include "plan.h"

#include <string.h>

static uint32_t crc32(const uint8_t *bytes, size_t length)
{
  static uint32_t table[256];
  for (uint32_t i = 0; table[255] == 0 && i < 256; i++) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; bit++)
      value = (value >> 1) ^ ((value & 1) != 0 ? 0xedb88320u : 0);
    table[i] = value;
  }
  uint32_t crc = ~0u;
  for (size_t i = 0; i < length; i++)
    crc = (crc >> 8) ^ table[(crc ^ bytes[i]) & 0xff];
  return ~crc;
}

static const char *check_header(const struct plan *plan)
{
  const struct plan_header *header = (const void *)plan->bytes;
  if (plan->length < PLAN_HEADER_SIZE + PLAN_ENTRY_SIZE * SECTION_COUNT)
    return "it ends inside its section table";
  if (memcmp(header->magic, PLAN_MAGIC, sizeof header->magic) != 0)
    return "it does not begin like a plan";
  if (header->version != PLAN_VERSION)
    return "it has another version than this launcher";
  if (header->sections != SECTION_COUNT || header->reserved != 0)
    return "its header is damaged";
  if (header->length != plan->length)
    return "its length is not the one it promises";
  if (header->crc != crc32(plan->bytes + PLAN_HEADER_SIZE, plan->length - PLAN_HEADER_SIZE))
    return "its checksum differs";
  return NULL;
}

static size_t align_up(size_t offset)
{
  return (offset + PLAN_SECTION_ALIGNMENT - 1) / PLAN_SECTION_ALIGNMENT * PLAN_SECTION_ALIGNMENT;
}

static const char *check_sections(struct plan *plan)
{
  static const size_t record_sizes[SECTION_COUNT] = SECTION_RECORD_SIZES;
  const struct plan_section *table = (const void *)(plan->bytes + PLAN_HEADER_SIZE);
  size_t end = PLAN_HEADER_SIZE + PLAN_ENTRY_SIZE * SECTION_COUNT;
  for (uint32_t i = 0; i < SECTION_COUNT; i++) {
    size_t offset = align_up(end);
    if (table[i].id != i || table[i].record != record_sizes[i] || table[i].offset != offset)
      return "its section table is damaged";
    if (offset > plan->length || table[i].length > plan->length - offset || table[i].length % record_sizes[i] != 0)
      return "a section reaches beyond its end";
    plan->section[i].at = plan->bytes + offset;
    plan->section[i].count = table[i].length / record_sizes[i];
    end = offset + table[i].length;
  }
  return align_up(end) == plan->length ? NULL : "there are bytes behind its last section";
}

static bool is_string(const struct plan *plan, uint32_t offset)
{
  return offset < plan->section[SECTION_STRINGS].count;
}

static bool is_path(const struct plan *plan, uint32_t offset)
{
  return is_string(plan, offset) && plan_string(plan, offset)[0] == '/';
}

static const char *check_strings(const struct plan *plan)
{
  const char *strings = plan->section[SECTION_STRINGS].at;
  size_t length = plan->section[SECTION_STRINGS].count;
  if (length == 0 || strings[0] != 0 || strings[length - 1] != 0)
    return "its strings are damaged";
  bool good = true;
  for (size_t i = 0; i < plan->section[SECTION_NODE_FACTS].count; i++)
    good &= is_path(plan, plan_records(plan, SECTION_NODE_FACTS, plan_node_facts)[i].path);
  for (size_t i = 0; i < plan->section[SECTION_ABSENT_FACTS].count; i++)
    good &= is_path(plan, plan_records(plan, SECTION_ABSENT_FACTS, plan_absent_facts)[i].path);
  for (size_t i = 0; i < plan->section[SECTION_KERNEL_FACTS].count; i++)
    good &= is_string(plan, plan_records(plan, SECTION_KERNEL_FACTS, plan_kernel_facts)[i].release) &&
            is_string(plan, plan_records(plan, SECTION_KERNEL_FACTS, plan_kernel_facts)[i].version);
  for (size_t i = 0; i < plan->section[SECTION_PATH_RULES].count; i++)
    good &= is_path(plan, plan_records(plan, SECTION_PATH_RULES, plan_path_rules)[i].path);
  return good ? NULL : "a path in it is damaged";
}

static const char *check_layers(const struct plan *plan)
{
  const struct plan_head *head = plan->head;
  size_t filter = plan->section[SECTION_FILTER].count;
  if (head->level == PLAN_LEVEL_DISABLED)
    return (head->flags & (PLAN_LANDLOCK | PLAN_SECCOMP | PLAN_CGROUP)) == 0 ? NULL : "it is disabled, yet has layers";
  if (!plan_has(plan, PLAN_SECCOMP) || filter == 0 || filter > PLAN_FILTER_MAX)
    return "it has no usable seccomp filter";
  if (head->level == PLAN_LEVEL_ENFORCING && !plan_has(plan, PLAN_LANDLOCK))
    return "it is enforcing, yet has no Landlock rules";
  if (plan_has(plan, PLAN_LANDLOCK) && head->handled_fs == 0)
    return "its Landlock layer handles no file rights";
  if (head->level == PLAN_LEVEL_WARNING && !plan_has(plan, PLAN_LISTENER))
    return "it is warning, yet has no listener";
  if (plan_has(plan, PLAN_CGROUP) &&
      (!is_path(plan, head->cgroup_anchor) || plan->section[SECTION_CGROUP_PROGRAMS].count == 0))
    return "its cgroup layer is empty";
  return NULL;
}

static const char *check_head(struct plan *plan)
{
  const uint32_t known = PLAN_LANDLOCK | PLAN_SECCOMP | PLAN_CGROUP | PLAN_LISTENER | PLAN_USER |
                         PLAN_NO_NEW_PRIVILEGES | PLAN_PRIVATE_IPC | PLAN_INHERIT_STDIO |
                         PLAN_INHERIT_STDIO_SOCKETS | PLAN_INHERIT_LISTEN;
  plan->head = plan->section[SECTION_HEAD].at;
  if (plan->section[SECTION_HEAD].count != 1 || plan->head->level > PLAN_LEVEL_DISABLED)
    return "its head is damaged";
  if ((plan->head->flags & ~known) != 0)
    return "it has flags that this launcher does not know";
  if (!is_string(plan, plan->head->domain) || plan_string(plan, plan->head->domain)[0] == 0)
    return "it names no domain";
  if (!is_string(plan, plan->head->cgroup_anchor))
    return "its cgroup is damaged";
  if ((plan->head->ambient & ~plan->head->bounding) != 0)
    return "its ambient capabilities exceed its bounding set";
  if (plan->section[SECTION_GROUPS].count > PLAN_GROUPS_MAX)
    return "it has too many groups";
  return check_layers(plan);
}

const char *plan_check(struct plan *plan)
{
  const char *wrong = check_header(plan);
  if (wrong == NULL)
    wrong = check_sections(plan);
  if (wrong == NULL)
    wrong = check_strings(plan);
  return wrong != NULL ? wrong : check_head(plan);
}

const char *plan_string(const struct plan *plan, uint32_t offset)
{
  return (const char *)plan->section[SECTION_STRINGS].at + offset;
}
