/**
 * Every number of the kernel's interface that Cofferdam uses, under its C name; one file for each
 * group of headers. `test/kernel/struct-check.test.ts` compares each with what the C compiler says.
 * A number is a `bigint` exactly where the kernel has 64 bits for it.
 */
export * from "./constants/audit.ts";
export * from "./constants/bpf.ts";
export * from "./constants/elf.ts";
export * from "./constants/file.ts";
export * from "./constants/inotify.ts";
export * from "./constants/landlock.ts";
export * from "./constants/lsm.ts";
export * from "./constants/mount.ts";
export * from "./constants/process.ts";
export * from "./constants/seccomp.ts";
export * from "./constants/socket.ts";
export * from "./constants/terminal.ts";
