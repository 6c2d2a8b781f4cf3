/**
 * libbpf.so.1 by C prototype. Functions that return `int` return the negated error number (libbpf
 * 1.x). Those that return a pointer return null and set errno.
 */
import { type Library, loadLibrary } from "../ffi.ts";

/** An opaque `struct bpf_object *`, `bpf_map *` or `bpf_program *`. */
export type Pointer = bigint;

const prototypes = {
  setPrint: "void *libbpf_set_print(void *callback)",
  openObject: "void *bpf_object__open_mem(void *bytes, size_t length, void *options)",
  loadObject: "int bpf_object__load(void *object)",
  closeObject: "void bpf_object__close(void *object)",
  findMap: "void *bpf_object__find_map_by_name(void *object, const char *name)",
  setMaxEntries: "int bpf_map__set_max_entries(void *map, uint32_t entries)",
  setInitialValue: "int bpf_map__set_initial_value(void *map, void *bytes, size_t length)",
  mapFd: "int bpf_map__fd(void *map)",
  updateBatch:
    "int bpf_map_update_batch(int fd, void *keys, void *values, _Inout_ uint32_t *count, void" +
    " *options)",
  updateElement: "int bpf_map_update_elem(int fd, void *key, void *value, uint64_t flags)",
  reuseMap: "int bpf_map__reuse_fd(void *map, int fd)",
  lookupElement: "int bpf_map_lookup_elem(int fd, void *key, void *value)",
  deleteElement: "int bpf_map_delete_elem(int fd, void *key)",
  lookupBatch:
    "int bpf_map_lookup_batch(int fd, void *from, void *to, void *keys, void *values, _Inout_" +
    " uint32_t *count, void *options)",
  freezeMap: "int bpf_map_freeze(int fd)",
  findProgram: "void *bpf_object__find_program_by_name(void *object, const char *name)",
  setAutoload: "int bpf_program__set_autoload(void *program, bool autoload)",
  setLogBuffer: "int bpf_program__set_log_buf(void *program, void *bytes, size_t length)",
  setLogLevel: "int bpf_program__set_log_level(void *program, uint32_t level)",
  programFd: "int bpf_program__fd(void *program)",
  attachProgram: "int bpf_prog_attach(int program, int target, int type, unsigned int flags)",
  attachWith: "int bpf_prog_attach_opts(int program, int target, int type, void *options)",
  detachProgram: "int bpf_prog_detach2(int program, int target, int type)",
  queryPrograms:
    "int bpf_prog_query(int target, int type, uint32_t flags, _Out_ uint32_t *attachFlags, void" +
    " *ids, _Inout_ uint32_t *count)",
  attachLsm: "void *bpf_program__attach_lsm(void *program)",
  pinLink: "int bpf_link__pin(void *link, const char *path)",
  destroyLink: "int bpf_link__destroy(void *link)",
  pin: "int bpf_obj_pin(int fd, const char *path)",
  openPinned: "int bpf_obj_get(const char *path)",
  createMap:
    "int bpf_map_create(int type, const char *name, uint32_t key, uint32_t value, uint32_t" +
    " entries, void *options)",
  findKernelType: "int libbpf_find_vmlinux_btf_id(const char *name, int attachType)",
  openTracepoint: "int bpf_raw_tracepoint_open(const char *name, int program)",
  programById: "int bpf_prog_get_fd_by_id(uint32_t id)",
  mapById: "int bpf_map_get_fd_by_id(uint32_t id)",
  programInfo: "int bpf_prog_get_info_by_fd(int fd, void *info, _Inout_ uint32_t *length)",
  mapInfo: "int bpf_map_get_info_by_fd(int fd, void *info, _Inout_ uint32_t *length)",
  possibleCpus: "int libbpf_num_possible_cpus()",
} as const;

export type Libbpf = Record<keyof typeof prototypes, ReturnType<Library["func"]>>;

let loaded: Libbpf | null = null;

/**
 * Loads the library at first use; throws if libbpf.so.1 is not installed. Its own messages are
 * suppressed: errors carry the log.
 */
export function libbpf(): Libbpf {
  if (loaded !== null) return loaded;
  const library = loadLibrary("libbpf.so.1");
  const entries = Object.entries(prototypes).map(([name, prototype]) => [
    name,
    library.func(prototype),
  ]);
  loaded = Object.fromEntries(entries) as Libbpf;
  loaded.setPrint(null);
  return loaded;
}
