/** Largest policy file, in bytes. */
export const POLICY_BYTES_MAX = 256 * 1024;
/** Deepest nesting of YAML collections, in levels; a policy needs three. */
export const YAML_DEPTH_MAX = 6;
/** Diagnostics kept for one load; the others are counted. */
export const DIAGNOSTICS_MAX = 200;
/** Abstractions that one policy may include, directly and through others. */
export const INCLUDES_MAX = 64;
/** Values of one operand after expanding variables that are lists. */
export const EXPANSION_MAX = 1_000;
/** Depth of references between variables. */
export const VARIABLE_DEPTH_MAX = 16;
/**
 * Rules of a resolved policy, all sections together, without the members of groups of system calls.
 */
export const RULES_MAX = 20_000;
/** Folders on the way from `/` to a policy file. */
export const FOLDERS_MAX = 64;
/** Characters of a domain's name. */
export const NAME_LENGTH_MAX = 64;
/** Characters of a value given with `--set`. */
export const SET_LENGTH_MAX = 4_096;
