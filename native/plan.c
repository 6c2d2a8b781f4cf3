/* Reads a plan's bytes as described in docs/plan-format.md, and makes the same demands as
   src/plan/demands.ts. */

#include "launcher.h"

/* CRC-32 of IEEE 802.3, eight bytes a step: table[n] carries a byte over n more bytes. */
static uint32_t crc32(const uint8_t *bytes, size_t length)
{
  static uint32_t table[8][256];
  for (uint32_t i = 0; i < 256; i++) {
    table[0][i] = i;
    for (int bit = 0; bit < 8; bit++)
      table[0][i] = (table[0][i] >> 1) ^ (0xedb88320u & -(table[0][i] & 1));
  }
  for (int n = 1; n < 8; n++)
    for (int i = 0; i < 256; i++)
      table[n][i] = (table[n - 1][i] >> 8) ^ table[0][table[n - 1][i] & 0xff];
  uint32_t crc = ~0u;
  for (; length >= 8; bytes += 8, length -= 8) {
    uint8_t block[8];
    memcpy(block, bytes, sizeof block);
    for (int i = 0; i < 4; i++)
      block[i] ^= (uint8_t)(crc >> 8 * i);
    crc = 0;
    for (int i = 0; i < 8; i++)
      crc ^= table[7 - i][block[i]];
  }
  for (; length > 0; bytes++, length--)
    crc = (crc >> 8) ^ table[0][(crc ^ *bytes) & 0xff];
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
    return "its length differs from that in its header";
  uint32_t crc = crc32(plan->bytes + PLAN_HEADER_SIZE, plan->length - PLAN_HEADER_SIZE);
  return header->crc == crc ? NULL : "its checksum differs";
}

static size_t align_up(size_t offset)
{
  return (offset + PLAN_SECTION_ALIGNMENT - 1) / PLAN_SECTION_ALIGNMENT * PLAN_SECTION_ALIGNMENT;
}

static const size_t record_sizes[SECTION_COUNT] = SECTION_RECORD_SIZES;

static const char *check_sections(struct plan *plan)
{
  const struct plan_section *table = (const void *)(plan->bytes + PLAN_HEADER_SIZE);
  size_t end = PLAN_HEADER_SIZE + PLAN_ENTRY_SIZE * SECTION_COUNT;
  for (uint32_t i = 0; i < SECTION_COUNT; i++) {
    size_t offset = align_up(end);
    if (table[i].id != i || table[i].record != record_sizes[i] || table[i].offset != offset)
      return "its section table is damaged";
    if (offset > plan->length || table[i].length > plan->length - offset ||
        table[i].length % record_sizes[i] != 0)
      return "a section reaches beyond its end";
    plan->section[i].at = plan->bytes + offset;
    plan->section[i].count = table[i].length / record_sizes[i];
    end = offset + table[i].length;
  }
  if (align_up(end) != plan->length)
    return "it has bytes after its last section";
  plan->head = plan->section[SECTION_HEAD].at;
  return plan->section[SECTION_HEAD].count == 1 ? NULL : "its head is damaged";
}

static const char *check_strings(const struct plan *plan)
{
  static const struct {
    size_t section, at;
    bool path;
  } fields[] = SECTION_STRING_FIELDS;
  const char *strings = plan->section[SECTION_STRINGS].at;
  size_t length = plan->section[SECTION_STRINGS].count;
  if (length == 0 || strings[0] != 0 || strings[length - 1] != 0)
    return "its strings are damaged";
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
    for (size_t record = 0; record < plan->section[fields[i].section].count; record++) {
      const uint8_t *at = plan->section[fields[i].section].at;
      uint32_t offset;
      memcpy(&offset, at + record * record_sizes[fields[i].section] + fields[i].at, sizeof offset);
      if (offset >= length || (fields[i].path && strings[offset] != '/'))
        return "a name in it is damaged";
    }
  return NULL;
}

static const char *check_facts(const struct plan *plan)
{
  const struct plan_name_facts *fact = plan_records(plan, SECTION_NAME_FACTS, plan_name_facts);
  for (size_t i = 0; i < plan->section[SECTION_NAME_FACTS].count; i++)
    if (fact[i].role > FACT_UNTIL)
      return "a fact in it has an unknown role";
  return NULL;
}

static const char *check_head(const struct plan *plan)
{
  const struct plan_head *head = plan->head;
  const size_t filter = plan->section[SECTION_FILTER].count;
  const size_t asking = plan->section[SECTION_ASKING_FILTER].count;
  const bool layers = (head->flags & (PLAN_LANDLOCK | PLAN_SECCOMP | PLAN_CGROUP)) != 0;
  const bool supervised = plan_has(plan, PLAN_SUPERVISED);
  const bool disabled = head->level == PLAN_LEVEL_DISABLED;
  const bool has_filter = plan_has(plan, PLAN_SECCOMP) && filter > 0 && filter <= PLAN_FILTER_MAX;
  const bool has_landlock = plan_has(plan, PLAN_LANDLOCK);
  const bool in_kernel = plan_has(plan, PLAN_BPF_LSM);
  const uint32_t others = PLAN_LANDLOCK | PLAN_CGROUP | PLAN_LISTENER | PLAN_SUPERVISED;
  const bool only_filter = (head->flags & others) == 0 && (!has_filter || asking == 0);
  const bool enforcing = head->level == PLAN_LEVEL_ENFORCING;
  const bool is_absolute = plan_string(plan, head->cgroup_anchor)[0] == '/';
  const struct {
    bool met;
    const char *otherwise;
  } demands[] = {
      {head->level <= PLAN_LEVEL_DISABLED, "its level does not exist"},
      {(head->flags & ~PLAN_FLAGS_KNOWN) == 0, "it has flags that this launcher does not know"},
      {plan_string(plan, head->domain)[0] != 0, "it names no domain"},
      {(head->ambient & ~head->bounding) == 0, "its ambient capabilities exceed its bounding set"},
      {plan->section[SECTION_GROUPS].count <= PLAN_GROUPS_MAX, "it has too many groups"},
      {!in_kernel || (head->number != 0 && only_filter && enforcing == has_filter),
       "it is for the kernel's engine, yet has layers of the other one"},
      {!disabled || !layers, "it is disabled, yet has layers"},
      {disabled || has_filter || in_kernel, "it has no usable seccomp filter"},
      {asking <= PLAN_FILTER_MAX && (asking == 0 || plan_has(plan, PLAN_LISTENER)),
       "its asking filter is not usable"},
      {supervised || in_kernel || head->level != PLAN_LEVEL_WARNING,
       "it is sealed, yet at level warning"},
      {disabled || in_kernel || supervised != has_landlock,
       "its Landlock rules do not fit its mode"},
      {disabled || !supervised || plan_has(plan, PLAN_LISTENER),
       "it is supervised, yet has no listener"},
      {!has_landlock || head->handled_fs != 0, "its Landlock layer handles no file rights"},
      {!plan_has(plan, PLAN_CGROUP) || is_absolute, "its cgroup is not an absolute path"},
  };
  for (size_t i = 0; i < sizeof demands / sizeof *demands; i++)
    if (!demands[i].met)
      return demands[i].otherwise;
  return NULL;
}

const char *plan_check(struct plan *plan)
{
  const char *wrong = check_header(plan);
  if (wrong == NULL)
    wrong = check_sections(plan);
  if (wrong == NULL)
    wrong = check_strings(plan);
  if (wrong == NULL)
    wrong = check_facts(plan);
  return wrong != NULL ? wrong : check_head(plan);
}
