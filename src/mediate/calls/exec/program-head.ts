import { ELFCLASS64, EM_386, EM_X86_64, PT_INTERP } from "../../../kernel/constants.ts";
import { elf32Ehdr, elf32Phdr, elf64Ehdr, elf64Phdr } from "../../../kernel/structs.ts";
import { PROGRAM_HEAD_BYTES } from "../../domain/limits.ts";
import { abi } from "../../sys/abi.ts";
import { type Bytes, close, openat, self, sys } from "../../sys/sys.ts";

/** How the kernel starts a file (fs/binfmt_script.c, fs/binfmt_elf.c). */
export type ProgramHead =
  | { readonly kind: "script"; readonly interpreter: Bytes }
  | { readonly kind: "elf"; readonly interpreter: Bytes | null }
  /** Neither: the kernel returns ENOEXEC or asks the host's binfmt_misc. */
  | { readonly kind: "other" }
  | { readonly kind: "unreadable" };

/** Offset of the ELF class (EI_CLASS). */
const CLASS_AT = 4;
const WIDE = { head: elf64Ehdr, segment: elf64Phdr };
const NARROW = { head: elf32Ehdr, segment: elf32Phdr };
/** Entries of an ELF program header table that are examined. */
const PROGRAM_HEADERS_MAX = 64;

/** By the file's O_PATH descriptor. */
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
  if (head.toString("latin1", 0, 4) !== "\x7fELF" || head.length < elf64Ehdr.size)
    return { kind: "other" };
  const machine = head.readUInt16LE(elf64Ehdr.offset.e_machine);
  return machine === EM_X86_64 || machine === EM_386 ? elf(head, fd) : { kind: "other" };
}

/** The first word after `#!` on the first line. */
function script(head: Buffer): ProgramHead {
  const line = head.toString("latin1", 2).split(/[\n\0]/, 1)[0] ?? "";
  const interpreter = /^[ \t]*([^ \t]+)/.exec(line)?.[1];
  return interpreter === undefined ? { kind: "other" } : { kind: "script", interpreter };
}

/** elf(5). */
function elf(bytes: Buffer, fd: number): ProgramHead {
  const { head, segment } = bytes[CLASS_AT] === ELFCLASS64 ? WIDE : NARROW;
  const { e_phoff, e_phentsize: size, e_phnum } = head.decode(bytes);
  const count = Math.min(e_phnum, PROGRAM_HEADERS_MAX);
  const table = stretch(bytes, fd, Number(e_phoff), size * count);
  if (size < segment.size || table === null) return { kind: "other" };
  for (let at = 0; at < table.length; at += size) {
    if (table.readUInt32LE(at + segment.offset.p_type) !== PT_INTERP) continue;
    const { p_offset, p_filesz } = segment.decode(table, at);
    return { kind: "elf", interpreter: text(bytes, fd, Number(p_offset), Number(p_filesz)) };
  }
  return { kind: "elf", interpreter: null };
}

function text(head: Buffer, fd: number, offset: number, length: number): Bytes | null {
  const bytes = stretch(head, fd, offset, Math.min(length, abi.PATH_MAX));
  const end = bytes?.indexOf(0) ?? 0;
  return bytes === null || end < 1 ? null : bytes.toString("latin1", 0, end);
}

/** A part of the file, nearly always of the head that was read; null if the file is shorter. */
function stretch(head: Buffer, fd: number, offset: number, length: number): Buffer | null {
  if (offset + length <= head.length) return head.subarray(offset, offset + length);
  const bytes = Buffer.alloc(length);
  return sys("pread64", fd, bytes, length, offset) < length ? null : bytes;
}
