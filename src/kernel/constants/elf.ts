/** `elf.h`: elf(5). */
export const ELFCLASS64 = 2;
export const EM_386 = 3;
export const EM_X86_64 = 62;
export const PT_LOAD = 1;
export const PT_DYNAMIC = 2;
export const PT_INTERP = 3;
export const PT_GNU_STACK = 0x6474e551;
export const PF_X = 1;
export const DT_NEEDED = 1;
export const DT_STRTAB = 5;
export const DT_RPATH = 15;
export const DT_RUNPATH = 29;
