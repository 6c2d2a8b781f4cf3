import { PROGRAM_HEAD_BYTES } from "../../domain/limits.ts";
import { abi } from "../../sys/abi.ts";
import { type Bytes, close, openat, self, sys } from "../../sys/sys.ts";

/** How the kernel starts a file (fs/binfmt_script.c, fs/binfmt_elf.c). */
export type ProgramHead =
  | { readonly kind: "script"; readonly interpreter: Bytes }
  | { readonly kind: "elf"; readonly interpreter: Bytes | null }
  /** Neither: ENOEXEC, or what a host's binfmt_misc makes of it. */
  | { readonly kind: "other" }
  | { readonly kind: "unreadable" };

const PT_INTERP = 3;
const EM_386 = 3;
const EM_X86_64 = 62;
const ELFCLASS64 = 2;
/** Entries of an ELF program header table that are looked at. */
const PROGRAM_HEADERS_MAX = 64;

/** Of a regular file held by an O_PATH descriptor. */
export function programHead(file: number): ProgramHead {
  const fd = openat(abi.AT_FDCWD, self(file), abi.O_NONBLOCK);
  if (fd < 0) return { kind: "unreadable" };
  const head = Buffer.alloc(PROGRAM_HEAD_BYTES);
  const length = sys("pread64", fd, head, head.length, 0);
  const found = length < 2 ? ({ kind: "other" } as const) : parse(head.subarray(0, length), fd);
  close(fd);
  return found;
}

function parse(head: Buffer, fd: number): ProgramHead {
  if (head.toString("latin1", 0, 2) === "#!") return script(head);
  if (head.toString("latin1", 0, 4) !== "\x7fELF" || head.length < 64) return { kind: "other" };
  const machine = head.readUInt16LE(18);
  return machine === EM_X86_64 || machine === EM_386 ? elf(head, fd) : { kind: "other" };
}

/** The first word behind `#!`, on the first line. */
function script(head: Buffer): ProgramHead {
  const line = head.toString("latin1", 2).split(/[\n\0]/, 1)[0] ?? "";
  const interpreter = /^[ \t]*([^ \t]+)/.exec(line)?.[1];
  return interpreter === undefined ? { kind: "other" } : { kind: "script", interpreter };
}

/** elf(5). */
function elf(head: Buffer, fd: number): ProgramHead {
  const wide = head[4] === ELFCLASS64;
  const at = wide ? Number(head.readBigUInt64LE(32)) : head.readUInt32LE(28);
  const size = head.readUInt16LE(wide ? 54 : 42);
  const count = Math.min(head.readUInt16LE(wide ? 56 : 44), PROGRAM_HEADERS_MAX);
  const table = Buffer.alloc(size * count);
  if (size < (wide ? 56 : 32) || sys("pread64", fd, table, table.length, at) < table.length)
    return { kind: "other" };
  for (let header = 0; header < table.length; header += size) {
    if (table.readUInt32LE(header) !== PT_INTERP) continue;
    const offset = wide
      ? Number(table.readBigUInt64LE(header + 8))
      : table.readUInt32LE(header + 4);
    const length = wide
      ? Number(table.readBigUInt64LE(header + 32))
      : table.readUInt32LE(header + 16);
    return { kind: "elf", interpreter: text(fd, offset, length) };
  }
  return { kind: "elf", interpreter: null };
}

function text(fd: number, offset: number, length: number): Bytes | null {
  const bytes = Buffer.alloc(Math.min(length, abi.PATH_MAX));
  const got = sys("pread64", fd, bytes, bytes.length, offset);
  const end = bytes.indexOf(0);
  return got < bytes.length || end < 1 ? null : bytes.toString("latin1", 0, end);
}
