import { closeSync, constants, openSync, readSync } from "node:fs";
import { ELFCLASS64, PF_X, PT_GNU_STACK } from "../kernel/constants.ts";
import { elf32Ehdr, elf32Phdr, elf64Ehdr, elf64Phdr } from "../kernel/structs.ts";

/** Where an ELF header says its class (EI_CLASS). */
const CLASS_AT = 4;
/** Bytes of a program that are read: nearly every program has its headers there. */
const HEAD_BYTES = 4096;

const WIDE = { header: elf64Ehdr, segment: elf64Phdr };
const NARROW = { header: elf32Ehdr, segment: elf32Phdr };

/**
 * Whether the kernel starts this program with a stack that is writable and executable: its
 * PT_GNU_STACK header asks for it, or it is of i386 and has none, where the kernel makes all its
 * readable memory executable (`arch/x86/include/asm/elf.h`). false where that cannot be read.
 */
export function hasExecutableStack(path: string): boolean {
  const head = headOf(path);
  if (head.length < elf64Ehdr.size || head.toString("latin1", 0, CLASS_AT) !== "\x7fELF")
    return false;
  const isWide = head[CLASS_AT] === ELFCLASS64;
  const { header, segment } = isWide ? WIDE : NARROW;
  const { e_phoff, e_phentsize, e_phnum } = header.decode(head);
  for (let index = 0; index < e_phnum; index++) {
    const at = Number(e_phoff) + index * e_phentsize;
    if (at + segment.size > head.length) return false;
    const { p_type, p_flags } = segment.decode(head, at);
    if (p_type === PT_GNU_STACK) return (p_flags & PF_X) !== 0;
  }
  return !isWide;
}

function headOf(path: string): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return head.subarray(0, 0);
  }
  try {
    return head.subarray(0, readSync(fd, head, 0, head.length, 0));
  } catch {
    return head.subarray(0, 0);
  } finally {
    closeSync(fd);
  }
}
