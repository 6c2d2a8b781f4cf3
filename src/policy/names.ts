import { NAME_LENGTH_MAX } from "./limits.ts";

/** `vm@web1` is an instance of the template `vm@`; `nginx` is neither. */
export interface DomainName {
  readonly full: string;
  /** The template's name with its `@`, or null. */
  readonly template: string | null;
  /** What follows the `@`, or null; empty for the template itself. */
  readonly instance: string | null;
}

const plain = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;
const variable = /^[a-z][a-z0-9_-]*$/;

/**
 * null for an invalid name. The part after `@` begins with a letter or digit, so it is never `..`.
 */
export function parseDomainName(text: string): DomainName | null {
  if (text.length > NAME_LENGTH_MAX || text === "superDom") return null;
  const at = text.indexOf("@");
  if (at < 0) return plain.test(text) ? { full: text, template: null, instance: null } : null;
  const instance = text.slice(at + 1);
  if (!plain.test(text.slice(0, at)) || (instance !== "" && !plain.test(instance))) return null;
  return { full: text, template: text.slice(0, at + 1), instance };
}

/** Cannot be a path or an option. */
export function isPlainName(text: string): boolean {
  return text.length <= NAME_LENGTH_MAX && plain.test(text);
}

/** A leading underscore is common in names of system users, such as `_apt`. */
export function isAccountName(text: string): boolean {
  return isPlainName(text.replace(/^_/, ""));
}

export function isVariableName(text: string): boolean {
  return text.length <= NAME_LENGTH_MAX && variable.test(text);
}
