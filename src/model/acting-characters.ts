/**
 * Controls (C0, DEL, C1) and what separates lines or turns the direction of writing, seen or not:
 * they act on who reads a text, and no policy file may hold one.
 */
export const actingCharacters =
  /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu;
