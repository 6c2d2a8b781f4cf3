/* Generated from src/plan/layout.ts, slots.ts and mediator-places.ts; change it there. */
#ifndef PLAN_LAYOUT_H
#define PLAN_LAYOUT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLAN_MAGIC "CFDMPLAN"
#define PLAN_VERSION 8
#define PLAN_SECTION_ALIGNMENT 8
#define PLAN_HEADER_SIZE 32
#define PLAN_ENTRY_SIZE 24
#define PLAN_BYTES_MAX 67108864
#define PLAN_INFLATED_MAX 268435456
#define PLAN_FILTER_MAX 4096
#define PLAN_GROUPS_MAX 65536

#define PLAN_LEVEL_ENFORCING 0
#define PLAN_LEVEL_WARNING 1
#define PLAN_LEVEL_DISABLED 2
#define FACT_AUTHORITY 0
#define FACT_SNAPSHOT 1
#define FACT_OBJECT 2
#define FACT_UNTIL 3
#define PLAN_LANDLOCK 1
#define PLAN_SECCOMP 2
#define PLAN_CGROUP 4
#define PLAN_LISTENER 8
#define PLAN_USER 16
#define PLAN_NO_NEW_PRIVILEGES 32
#define PLAN_PRIVATE_IPC 64
#define PLAN_INHERIT_STDIO 128
#define PLAN_INHERIT_STDIO_SOCKETS 256
#define PLAN_INHERIT_LISTEN 512
#define PLAN_SUPERVISED 1024
#define PLAN_ATTENDED 2048
#define PLAN_WITHOUT_CGROUP2 4096
#define PLAN_FOR_ONE_START 8192
#define PLAN_TCP_HELD 16384
#define PLAN_CORE_DUMPS 32768
#define PLAN_NO_NEW_CODE 65536
#define PLAN_BPF_LSM 131072
#define PLAN_FLAGS_KNOWN 262143

#define SECTION_HEAD 0
#define SECTION_START_FACTS 1
#define SECTION_NAME_FACTS 2
#define SECTION_GROUPS 3
#define SECTION_PATH_RULES 4
#define SECTION_PORT_RULES 5
#define SECTION_FILTER 6
#define SECTION_ASKING_FILTER 7
#define SECTION_CGROUP_PROGRAMS 8
#define SECTION_STRINGS 9
#define SECTION_AUTOMATON 10
#define SECTION_MEDIATION 11
#define SECTION_COUNT 12

struct plan_header {
  uint8_t magic[8];
  uint32_t version;
  uint32_t sections;
  uint64_t length;
  uint32_t crc;
  uint32_t reserved;
};
_Static_assert(sizeof(struct plan_header) == 32, "plan_header");
_Static_assert(offsetof(struct plan_header, magic) == 0, "magic");
_Static_assert(offsetof(struct plan_header, version) == 8, "version");
_Static_assert(offsetof(struct plan_header, sections) == 12, "sections");
_Static_assert(offsetof(struct plan_header, length) == 16, "length");
_Static_assert(offsetof(struct plan_header, crc) == 24, "crc");
_Static_assert(offsetof(struct plan_header, reserved) == 28, "reserved");

struct plan_section {
  uint32_t id;
  uint32_t record;
  uint64_t offset;
  uint64_t length;
};
_Static_assert(sizeof(struct plan_section) == 24, "plan_section");
_Static_assert(offsetof(struct plan_section, id) == 0, "id");
_Static_assert(offsetof(struct plan_section, record) == 4, "record");
_Static_assert(offsetof(struct plan_section, offset) == 8, "offset");
_Static_assert(offsetof(struct plan_section, length) == 16, "length");

struct plan_head {
  uint32_t level;
  uint32_t flags;
  uint32_t number;
  uint32_t domain;
  uint32_t cgroup_anchor;
  uint8_t policy[8];
  uint64_t bounding;
  uint64_t ambient;
  uint32_t uid;
  uint32_t gid;
  uint64_t handled_fs;
  uint64_t handled_net;
  uint64_t scoped;
  uint32_t restrict_flags;
  uint32_t seccomp_flags;
  uint32_t landlock_abi;
  uint32_t ptrace_scope;
};
_Static_assert(sizeof(struct plan_head) == 96, "plan_head");
_Static_assert(offsetof(struct plan_head, level) == 0, "level");
_Static_assert(offsetof(struct plan_head, flags) == 4, "flags");
_Static_assert(offsetof(struct plan_head, number) == 8, "number");
_Static_assert(offsetof(struct plan_head, domain) == 12, "domain");
_Static_assert(offsetof(struct plan_head, cgroup_anchor) == 16, "cgroupAnchor");
_Static_assert(offsetof(struct plan_head, policy) == 20, "policy");
_Static_assert(offsetof(struct plan_head, bounding) == 32, "bounding");
_Static_assert(offsetof(struct plan_head, ambient) == 40, "ambient");
_Static_assert(offsetof(struct plan_head, uid) == 48, "uid");
_Static_assert(offsetof(struct plan_head, gid) == 52, "gid");
_Static_assert(offsetof(struct plan_head, handled_fs) == 56, "handledFs");
_Static_assert(offsetof(struct plan_head, handled_net) == 64, "handledNet");
_Static_assert(offsetof(struct plan_head, scoped) == 72, "scoped");
_Static_assert(offsetof(struct plan_head, restrict_flags) == 80, "restrictFlags");
_Static_assert(offsetof(struct plan_head, seccomp_flags) == 84, "seccompFlags");
_Static_assert(offsetof(struct plan_head, landlock_abi) == 88, "landlockAbi");
_Static_assert(offsetof(struct plan_head, ptrace_scope) == 92, "ptraceScope");

struct plan_start_facts {
  uint32_t text;
};
_Static_assert(sizeof(struct plan_start_facts) == 4, "plan_start_facts");
_Static_assert(offsetof(struct plan_start_facts, text) == 0, "text");

struct plan_name_facts {
  uint32_t path;
  uint32_t role;
  uint32_t mode;
  uint64_t dev;
  uint64_t ino;
  uint64_t size;
  int64_t ctime_ns;
};
_Static_assert(sizeof(struct plan_name_facts) == 48, "plan_name_facts");
_Static_assert(offsetof(struct plan_name_facts, path) == 0, "path");
_Static_assert(offsetof(struct plan_name_facts, role) == 4, "role");
_Static_assert(offsetof(struct plan_name_facts, mode) == 8, "mode");
_Static_assert(offsetof(struct plan_name_facts, dev) == 16, "dev");
_Static_assert(offsetof(struct plan_name_facts, ino) == 24, "ino");
_Static_assert(offsetof(struct plan_name_facts, size) == 32, "size");
_Static_assert(offsetof(struct plan_name_facts, ctime_ns) == 40, "ctimeNs");

struct plan_groups {
  uint32_t gid;
};
_Static_assert(sizeof(struct plan_groups) == 4, "plan_groups");
_Static_assert(offsetof(struct plan_groups, gid) == 0, "gid");

struct plan_path_rules {
  uint32_t path;
  uint32_t directory;
  uint64_t rights;
};
_Static_assert(sizeof(struct plan_path_rules) == 16, "plan_path_rules");
_Static_assert(offsetof(struct plan_path_rules, path) == 0, "path");
_Static_assert(offsetof(struct plan_path_rules, directory) == 4, "directory");
_Static_assert(offsetof(struct plan_path_rules, rights) == 8, "rights");

struct plan_port_rules {
  uint64_t port;
  uint64_t rights;
};
_Static_assert(sizeof(struct plan_port_rules) == 16, "plan_port_rules");
_Static_assert(offsetof(struct plan_port_rules, port) == 0, "port");
_Static_assert(offsetof(struct plan_port_rules, rights) == 8, "rights");

struct plan_filter {
  uint16_t code;
  uint8_t jt;
  uint8_t jf;
  uint32_t k;
};
_Static_assert(sizeof(struct plan_filter) == 8, "plan_filter");
_Static_assert(offsetof(struct plan_filter, code) == 0, "code");
_Static_assert(offsetof(struct plan_filter, jt) == 2, "jt");
_Static_assert(offsetof(struct plan_filter, jf) == 3, "jf");
_Static_assert(offsetof(struct plan_filter, k) == 4, "k");

struct plan_asking_filter {
  uint16_t code;
  uint8_t jt;
  uint8_t jf;
  uint32_t k;
};
_Static_assert(sizeof(struct plan_asking_filter) == 8, "plan_asking_filter");
_Static_assert(offsetof(struct plan_asking_filter, code) == 0, "code");
_Static_assert(offsetof(struct plan_asking_filter, jt) == 2, "jt");
_Static_assert(offsetof(struct plan_asking_filter, jf) == 3, "jf");
_Static_assert(offsetof(struct plan_asking_filter, k) == 4, "k");

struct plan_cgroup_programs {
  uint64_t attach_type;
  uint8_t tag[8];
};
_Static_assert(sizeof(struct plan_cgroup_programs) == 16, "plan_cgroup_programs");
_Static_assert(offsetof(struct plan_cgroup_programs, attach_type) == 0, "attachType");
_Static_assert(offsetof(struct plan_cgroup_programs, tag) == 8, "tag");

/* Bytes of one record of each section, by section number. */
#define SECTION_RECORD_SIZES { sizeof(struct plan_head), sizeof(struct plan_start_facts), sizeof(struct plan_name_facts), sizeof(struct plan_groups), sizeof(struct plan_path_rules), sizeof(struct plan_port_rules), sizeof(struct plan_filter), sizeof(struct plan_asking_filter), sizeof(struct plan_cgroup_programs), 1, 1, 1 }
/* Every offset into the strings: section, place in its record, whether an absolute path. */
#define SECTION_STRING_FIELDS { { SECTION_HEAD, offsetof(struct plan_head, domain), false }, { SECTION_HEAD, offsetof(struct plan_head, cgroup_anchor), false }, { SECTION_START_FACTS, offsetof(struct plan_start_facts, text), false }, { SECTION_NAME_FACTS, offsetof(struct plan_name_facts, path), true }, { SECTION_PATH_RULES, offsetof(struct plan_path_rules, path), true } }

#define SLOT_COUNT 64
#define SLOT_SIZE 128
#define SLOT_HANDS_OFFSET 4
#define SLOT_NOTIF_OFFSET 8
#define SLOT_RESPONSE_OFFSET 88
#define SLOT_FREE 0
#define SLOT_RECEIVED 1
#define SLOT_STARTED 2
#define SLOT_DONE 3
#define SLOT_HELD 4
#define SLOT_OVER 5
#define SLOT_UNTOLD_MEDIATOR 240
#define SLOT_UNTOLD_WORKER 368
#define SLOT_RECORDS_GROUP 248
#define SLOT_ADOPTS 120

/* After the fields of some slots; only mediators read them. */
struct slot_self_confined {
  uint64_t first;
  uint32_t adopts;
  uint32_t spare;
};
_Static_assert(sizeof(struct slot_self_confined) == 16, "slot_self_confined");
_Static_assert(offsetof(struct slot_self_confined, first) == 0, "first");
_Static_assert(offsetof(struct slot_self_confined, adopts) == 8, "adopts");
_Static_assert(offsetof(struct slot_self_confined, spare) == 12, "spare");

struct slot_untold {
  uint32_t count;
  uint32_t spare;
};
_Static_assert(sizeof(struct slot_untold) == 8, "slot_untold");
_Static_assert(offsetof(struct slot_untold, count) == 0, "count");
_Static_assert(offsetof(struct slot_untold, spare) == 4, "spare");

struct slot_let_go_on {
  uint32_t roots_differ;
  uint32_t tables_shared;
  uint32_t groups_move;
  uint32_t threads_alike;
};
_Static_assert(sizeof(struct slot_let_go_on) == 16, "slot_let_go_on");
_Static_assert(offsetof(struct slot_let_go_on, roots_differ) == 0, "rootsDiffer");
_Static_assert(offsetof(struct slot_let_go_on, tables_shared) == 4, "tablesShared");
_Static_assert(offsetof(struct slot_let_go_on, groups_move) == 8, "groupsMove");
_Static_assert(offsetof(struct slot_let_go_on, threads_alike) == 12, "threadsAlike");

struct slot_records_group {
  uint64_t id;
};
_Static_assert(sizeof(struct slot_records_group) == 8, "slot_records_group");
_Static_assert(offsetof(struct slot_records_group, id) == 0, "id");

struct slot_records_read {
  uint64_t told;
  uint64_t until;
};
_Static_assert(sizeof(struct slot_records_read) == 16, "slot_records_read");
_Static_assert(offsetof(struct slot_records_read, told) == 0, "told");
_Static_assert(offsetof(struct slot_records_read, until) == 8, "until");

struct slot_outdated_policy {
  uint32_t number_plus_one;
};
_Static_assert(sizeof(struct slot_outdated_policy) == 4, "slot_outdated_policy");
_Static_assert(offsetof(struct slot_outdated_policy, number_plus_one) == 0, "numberPlusOne");

struct slot_noted_process {
  uint32_t process;
  uint32_t ticks;
  uint64_t start;
};
_Static_assert(sizeof(struct slot_noted_process) == 16, "slot_noted_process");
_Static_assert(offsetof(struct slot_noted_process, process) == 0, "process");
_Static_assert(offsetof(struct slot_noted_process, ticks) == 4, "ticks");
_Static_assert(offsetof(struct slot_noted_process, start) == 8, "start");

#define SLOTS_BYTES 73728
#define EXECS_OFFSET 8192
#define EXEC_SIZE 1024
#define EXEC_FOUND_MAX 944
struct held_exec {
  uint32_t thread;
  uint32_t process;
  uint32_t listed;
  uint32_t holder;
  uint32_t program_major;
  uint32_t program_minor;
  uint64_t program_inode;
  int64_t program_born;
  uint32_t loader_major;
  uint32_t loader_minor;
  uint64_t loader_inode;
  int64_t loader_born;
  uint32_t outcome;
  uint32_t error;
  uint32_t found_bytes;
  uint32_t looks;
};
_Static_assert(sizeof(struct held_exec) == 80, "held_exec");
_Static_assert(offsetof(struct held_exec, thread) == 0, "thread");
_Static_assert(offsetof(struct held_exec, process) == 4, "process");
_Static_assert(offsetof(struct held_exec, listed) == 8, "listed");
_Static_assert(offsetof(struct held_exec, holder) == 12, "holder");
_Static_assert(offsetof(struct held_exec, program_major) == 16, "programMajor");
_Static_assert(offsetof(struct held_exec, program_minor) == 20, "programMinor");
_Static_assert(offsetof(struct held_exec, program_inode) == 24, "programInode");
_Static_assert(offsetof(struct held_exec, program_born) == 32, "programBorn");
_Static_assert(offsetof(struct held_exec, loader_major) == 40, "loaderMajor");
_Static_assert(offsetof(struct held_exec, loader_minor) == 44, "loaderMinor");
_Static_assert(offsetof(struct held_exec, loader_inode) == 48, "loaderInode");
_Static_assert(offsetof(struct held_exec, loader_born) == 56, "loaderBorn");
_Static_assert(offsetof(struct held_exec, outcome) == 64, "outcome");
_Static_assert(offsetof(struct held_exec, error) == 68, "error");
_Static_assert(offsetof(struct held_exec, found_bytes) == 72, "foundBytes");
_Static_assert(offsetof(struct held_exec, looks) == 76, "looks");

#define EXEC_NONE 0
#define EXEC_OVER 1
#define EXEC_OTHER 2
#define EXEC_UNTRACED 3
#define EXEC_BELL "CFDMEXEC"
#define MEDIATOR_RESTARTS_MAX 5
#define MEDIATOR_FD_LISTENER 3
#define MEDIATOR_FD_SLOTS 4
#define MEDIATOR_FD_PLAN 5
#define MEDIATOR_FD_EVENTS 6
#define MEDIATOR_FD_SUMMARY 7
#define MEDIATOR_FD_HOLDER 8
#define MEDIATOR_FD_PLACE 9
#define MEDIATOR_SAYS_TAKEN 1
#define MEDIATOR_SAYS_NEXT 2
#define MEDIATOR_SAYS_ELSEWHERE 3
#define HOLDER_HOLDS "CFDMHOLD"
#define HOLDER_ASKS "CFDMROOM"
#define PLACES_OF_HOST 32
#define PLACES_OF_ONE 16
#define PLACE_BYTES 512
#define CLAIMANTS_OFFSET 1099511627776
#define CLAIMANT_BYTES 256
#define CLAIMANT_HASH_BITS 48
#define PLACES_SUFFIX ".places"

#endif
