/** `elf.h`: headers of programs and segments, for 64 and 32 bits. */
import { struct } from "../struct.ts";

export const elf64Ehdr = struct("Elf64_Ehdr", {
  e_ident: "bytes:16",
  e_type: "u16",
  e_machine: "u16",
  e_version: "u32",
  e_entry: "u64",
  e_phoff: "u64",
  e_shoff: "u64",
  e_flags: "u32",
  e_ehsize: "u16",
  e_phentsize: "u16",
  e_phnum: "u16",
  e_shentsize: "u16",
  e_shnum: "u16",
  e_shstrndx: "u16",
});

export const elf64Phdr = struct("Elf64_Phdr", {
  p_type: "u32",
  p_flags: "u32",
  p_offset: "u64",
  p_vaddr: "u64",
  p_paddr: "u64",
  p_filesz: "u64",
  p_memsz: "u64",
  p_align: "u64",
});

export const elf32Ehdr = struct("Elf32_Ehdr", {
  e_ident: "bytes:16",
  e_type: "u16",
  e_machine: "u16",
  e_version: "u32",
  e_entry: "u32",
  e_phoff: "u32",
  e_shoff: "u32",
  e_flags: "u32",
  e_ehsize: "u16",
  e_phentsize: "u16",
  e_phnum: "u16",
  e_shentsize: "u16",
  e_shnum: "u16",
  e_shstrndx: "u16",
});

export const elf32Phdr = struct("Elf32_Phdr", {
  p_type: "u32",
  p_offset: "u32",
  p_vaddr: "u32",
  p_paddr: "u32",
  p_filesz: "u32",
  p_memsz: "u32",
  p_flags: "u32",
  p_align: "u32",
});

export const elf64Dyn = struct("Elf64_Dyn", {
  d_tag: "i64",
  "d_un.d_val": "u64",
});
