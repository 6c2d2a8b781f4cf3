import { pokeRequests } from "../../kernel/argument-names.ts";
import { MAP_SHARED, PROT_EXEC, PROT_WRITE } from "../../kernel/constants.ts";
import type { WordCalls, WordUse } from "../../kernel/system-calls/call.ts";
import { ifBits, ifOneOf, ifPointer } from "../../kernel/system-calls/verdict.ts";

/** `linux/shm.h`. */
const SHM_EXEC = 0o100000;
/** Bits of an address or a size below the page. */
const WITHIN_PAGE = 0xfff;

const jit = { class: "memory", kind: "jit" } as const;

/**
 * Memory is either written or executed for good, and no second mapping of it can be written: all
 * of it is in the registers of these calls. personality(READ_IMPLIES_EXEC) and userfaultfd are
 * refused to every domain (`personality`, `@never`).
 */
const uses: readonly WordUse[] = [
  {
    name: "mmap",
    asks: jit,
    verdict: (yes, no) =>
      ifBits(2, PROT_EXEC, ifBits(2, PROT_WRITE, yes, ifBits(3, MAP_SHARED, yes, no)), no),
    why: "maps memory for execution that is writable, or that another mapping may write",
  },
  makesExecutable("mprotect"),
  makesExecutable("pkey_mprotect"),
  {
    name: "mremap",
    asks: jit,
    // A size of 0 makes a second mapping of shared memory. The kernel rounds sizes up to pages, so
    // the last ones below 2^64 become 0 as well.
    verdict: (yes, no) =>
      ifPointer(
        1,
        ifOneOf(1, [~WITHIN_PAGE], ifBits(1, WITHIN_PAGE, yes, no), no, ~WITHIN_PAGE),
        yes,
      ),
    why: "makes a second mapping of shared memory (an old size of 0)",
  },
  {
    name: "shmat",
    asks: jit,
    verdict: (yes, no) => ifBits(2, SHM_EXEC, yes, no),
    why: "maps shared memory for execution (SHM_EXEC)",
  },
  {
    name: "ptrace",
    asks: jit,
    verdict: (yes, no) => ifOneOf(0, Object.values(pokeRequests), yes, no),
    why: "writes into another process's code (PTRACE_POKETEXT, PTRACE_POKEDATA)",
  },
  {
    name: "memfd_create",
    asks: { class: "memory", kind: "memfd" },
    verdict: (yes) => yes,
    why: "makes a file that has no name and can be mapped as code",
  },
];

function makesExecutable(name: string): WordUse {
  return {
    name,
    asks: jit,
    verdict: (yes, no) => ifBits(2, PROT_EXEC, yes, no),
    why: "makes memory executable that was mapped for another purpose",
  };
}

/** How code comes into memory without a program file. */
export const memory: WordCalls = {
  class: "memory",
  title: "Code in memory",
  about:
    "Uses that make written memory executable. Each needs a word of `memory`: `jit` or `memfd`." +
    " If the policy grants the word at the start, the filter of a supervised domain does not" +
    " notify the uses that need it.",
  warning: "continues; logged if it is outside the policy",
  enforcing: "if the policy grants the word, as the call's row in another section says; else EPERM",
  calls: [],
  uses,
};
