/** `elf.h`: elf(5). */
export const ELFCLASS64 = 2;
export const EM_386 = 3;
export const EM_X86_64 = 62;
export const PT_INTERP = 3;
