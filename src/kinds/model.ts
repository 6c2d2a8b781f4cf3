import type { TokenRule } from "../model/rule.ts";
import type { WordKind } from "../model/word-kind.ts";
import { capabilities } from "./capabilities/model.ts";
import { inherit } from "./inherit/model.ts";
import { ipc } from "./ipc/model.ts";
import { signals } from "./signals/model.ts";
import { syscalls } from "./syscalls/model.ts";

/**
 * The kinds of rules that are words, by the section of a policy that holds them, in the order in
 * which a policy is printed. What else a kind consists of is in its folder; each file there belongs
 * to the layer of `src/` that it is named after. HACKING.md says how to add a kind.
 */
const list = { capabilities, syscalls, ipc, inherit, signals } as const;

type List = typeof list;

/** A key of a policy file, and the member of `Policy` with its rules. */
export type WordSection = keyof List;

/** The words of each section. */
export type Words = {
  readonly [S in WordSection]: List[S] extends WordKind<infer Token, infer _> ? Token : never;
};

/** The request that each section decides. */
export type WordRequests = {
  readonly [S in WordSection]: List[S] extends WordKind<infer _, infer Request> ? Request : never;
};

export type WordRequest = WordRequests[WordSection];

/** The rules of each section. */
export type WordRules = { readonly [S in WordSection]: readonly TokenRule<Words[S]>[] };

export const wordKinds: { readonly [S in WordSection]: WordKind<Words[S], WordRequests[S]> } = list;

export const wordSections = Object.keys(wordKinds) as readonly WordSection[];

export function isWordSection(key: string): key is WordSection {
  return Object.hasOwn(wordKinds, key);
}

export const wordClasses = wordSections.map((section) => wordKinds[section].class);

const sections = new Map(wordSections.map((section) => [wordKinds[section].class, section]));

/** The section that decides requests of this class; null where it is another kind of rule's. */
export function sectionOfClass(name: string): WordSection | null {
  return sections.get(name as WordRequest["class"]) ?? null;
}

/** The section that decides the request. */
export function sectionOf(request: WordRequest): WordSection {
  return sections.get(request.class) as WordSection;
}

/** The words of each section that a policy grants. */
export type GrantedWords = { readonly [S in WordSection]: ReadonlySet<Words[S]> };

/**
 * One value for each section, made by the same function. That it made the value of that very
 * section the compiler cannot see.
 */
export function eachSection<Made extends Readonly<Record<WordSection, unknown>>>(
  make: (section: WordSection) => Made[WordSection],
): Made {
  return Object.fromEntries(wordSections.map((section) => [section, make(section)])) as Made;
}

/** The object of a request, as `cofferdam explain` takes it. */
export function spellWord(request: WordRequest): string {
  return spellIn(sectionOf(request), request);
}

function spellIn<S extends WordSection>(section: S, request: WordRequests[S]): string {
  return wordKinds[section].spell(request);
}

/** Whether the very word that is asked for is among them. */
export function namesWord(words: GrantedWords, request: WordRequest): boolean {
  const granted: ReadonlySet<string> = words[sectionOf(request)];
  return granted.has(spellWord(request));
}

/** Of the kinds whose words are a closed list, all; of the others none. */
export const everyWord: GrantedWords = eachSection((section) => new Set(wordKinds[section].words));

export const noWords: GrantedWords = eachSection(() => new Set());

/** Grants nothing. */
export const noWordRules: WordRules = eachSection(() => []);
