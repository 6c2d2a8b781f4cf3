import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import {
  DT_NEEDED,
  DT_RPATH,
  DT_RUNPATH,
  DT_STRTAB,
  ELFCLASS64,
  PT_DYNAMIC,
  PT_INTERP,
  PT_LOAD,
} from "../kernel/constants.ts";
import { elf64Dyn, elf64Ehdr, elf64Phdr } from "../kernel/structs.ts";

/** How the kernel starts a file (fs/binfmt_script.c, fs/binfmt_elf.c), and what it links to. */
export type ProgramHead =
  /** `words`: what stands behind `#!`, split as the kernel splits it. */
  | { readonly kind: "script"; readonly words: readonly string[] }
  | {
      readonly kind: "elf";
      /** The loader; null for a static program. */
      readonly loader: string | null;
      readonly needed: readonly string[];
      /** Of DT_RUNPATH and DT_RPATH, as written: `$ORIGIN` stands for the program's folder. */
      readonly paths: readonly string[];
    }
  | { readonly kind: "other" };

/** Where an ELF header says its class (EI_CLASS). */
const CLASS_AT = 4;
/** Bytes of a script's first line that the kernel looks at (BINPRM_BUF_SIZE). */
const SCRIPT_LINE_BYTES = 256;
/** Program headers that are looked at, and entries of the dynamic section. */
const HEADERS_MAX = 64;
const ENTRIES_MAX = 1_024;
/** Of one string of the dynamic section. */
const STRING_BYTES_MAX = 4_096;

/** Never executes the file. null if it cannot be opened, or is no regular file. */
export function programHead(path: string): ProgramHead | null {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return null;
  }
  try {
    return fstatSync(fd).isFile() ? headOf(fd) : null;
  } catch {
    return { kind: "other" };
  } finally {
    closeSync(fd);
  }
}

function headOf(fd: number): ProgramHead {
  const head = stretch(fd, 0, SCRIPT_LINE_BYTES);
  if (head.toString("latin1", 0, 2) === "#!") return script(head);
  const isWide = head.length >= elf64Ehdr.size && head[CLASS_AT] === ELFCLASS64;
  return isWide && head.toString("latin1", 0, CLASS_AT) === "\x7fELF"
    ? elf(fd, head)
    : { kind: "other" };
}

/** The kernel takes the interpreter, and all that follows as one argument. */
function script(head: Buffer): ProgramHead {
  const line = head.toString("utf8", 2).split(/[\n\0]/, 1)[0] ?? "";
  const words = line.trim().split(/[ \t]+/);
  return words[0] === "" ? { kind: "other" } : { kind: "script", words };
}

function elf(fd: number, head: Buffer): ProgramHead {
  const { e_phoff, e_phentsize: size, e_phnum } = elf64Ehdr.decode(head);
  if (size < elf64Phdr.size) return { kind: "other" };
  const table = stretch(fd, Number(e_phoff), size * Math.min(e_phnum, HEADERS_MAX));
  const segments = Array.from({ length: Math.floor(table.length / size) }, (_, at) =>
    elf64Phdr.decode(table, at * size),
  );
  const loader = segments.find(({ p_type }) => p_type === PT_INTERP);
  const dynamic = segments.find(({ p_type }) => p_type === PT_DYNAMIC);
  const entries = dynamic === undefined ? [] : entriesAt(fd, Number(dynamic.p_offset), dynamic);
  const strings = entries.find(({ tag }) => tag === DT_STRTAB)?.value ?? 0;
  // Addresses of memory: a loaded segment says where in the file they are.
  const loaded = segments.find(
    ({ p_type, p_vaddr, p_filesz }) =>
      p_type === PT_LOAD && Number(p_vaddr) <= strings && strings < Number(p_vaddr + p_filesz),
  );
  const begin = strings - Number((loaded?.p_vaddr ?? 0n) - (loaded?.p_offset ?? 0n));
  const named = (...tags: readonly number[]) =>
    loaded === undefined
      ? []
      : entries.filter(({ tag }) => tags.includes(tag)).map((one) => text(fd, begin + one.value));
  return {
    kind: "elf",
    loader: loader === undefined ? null : text(fd, Number(loader.p_offset)),
    needed: named(DT_NEEDED).filter((name) => name !== ""),
    paths: named(DT_RUNPATH, DT_RPATH).flatMap((list) => list.split(":").filter(Boolean)),
  };
}

function entriesAt(fd: number, offset: number, { p_filesz }: { readonly p_filesz: bigint }) {
  const count = Math.min(Math.floor(Number(p_filesz) / elf64Dyn.size), ENTRIES_MAX);
  const bytes = stretch(fd, offset, count * elf64Dyn.size);
  return Array.from({ length: Math.floor(bytes.length / elf64Dyn.size) }, (_, at) => {
    const { d_tag, "d_un.d_val": value } = elf64Dyn.decode(bytes, at * elf64Dyn.size);
    return { tag: Number(d_tag), value: Number(value) };
  });
}

function text(fd: number, offset: number): string {
  const bytes = stretch(fd, offset, STRING_BYTES_MAX);
  const end = bytes.indexOf(0);
  return bytes.toString("utf8", 0, Math.max(end, 0));
}

/** Shorter at the end of the file. */
function stretch(fd: number, offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, offset));
}
