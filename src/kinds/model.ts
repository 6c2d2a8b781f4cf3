import type { TokenRule } from "../model/rule.ts";
import type { Representative, WordKind } from "../model/word-kind.ts";
import { capabilities } from "./capabilities/model.ts";
import { inherit } from "./inherit/model.ts";
import { ipc } from "./ipc/model.ts";
import { memory } from "./memory/model.ts";
import { signals } from "./signals/model.ts";
import { syscalls } from "./syscalls/model.ts";

/**
 * The kinds of rules that are words, by the section of a policy that holds them, in the order in
 * which a policy is printed. What else a kind consists of is in its folder; each file there belongs
 * to the layer of `src/` that it is named after. HACKING.md says how to add a kind.
 */
const list = { capabilities, syscalls, ipc, memory, inherit, signals } as const;

type List = typeof list;

export type WordSection = keyof List;

export type Words = {
  readonly [S in WordSection]: List[S] extends WordKind<infer Token, infer _> ? Token : never;
};

export type WordRequests = {
  readonly [S in WordSection]: List[S] extends WordKind<infer _, infer Request> ? Request : never;
};

export type WordRequest = WordRequests[WordSection];

export type WordRules = { readonly [S in WordSection]: readonly TokenRule<Words[S]>[] };

export const wordKinds: { readonly [S in WordSection]: WordKind<Words[S], WordRequests[S]> } = list;

export const wordSections = Object.keys(wordKinds) as readonly WordSection[];

export function isWordSection(key: string): key is WordSection {
  return Object.hasOwn(wordKinds, key);
}

export const wordClasses = wordSections.map((section) => wordKinds[section].class);

const sections = new Map(wordSections.map((section) => [wordKinds[section].class, section]));

/** null if another kind of rule decides requests of this class. */
export function sectionOfClass(name: string): WordSection | null {
  return sections.get(name as WordRequest["class"]) ?? null;
}

export function sectionOf(request: WordRequest): WordSection {
  return sections.get(request.class) as WordSection;
}

export type GrantedWords = { readonly [S in WordSection]: ReadonlySet<Words[S]> };

/**
 * One value for each section, made by the same function. The type checker cannot verify that a
 * value is of its section.
 */
export function eachSection<Made extends Readonly<Record<WordSection, unknown>>>(
  make: (section: WordSection) => Made[WordSection],
): Made {
  return Object.fromEntries(wordSections.map((section) => [section, make(section)])) as Made;
}

/** As `cofferdam explain` takes it. */
export function spellWord(request: WordRequest): string {
  return spellIn(sectionOf(request), request);
}

function spellIn<S extends WordSection>(section: S, request: WordRequests[S]): string {
  return wordKinds[section].spell(request);
}

/** `named`: words of this section. */
export function representativesOf(
  section: WordSection,
  named: ReadonlySet<string>,
): readonly Representative<WordRequest>[] {
  const { representatives } = wordKinds[section] as WordKind<string, WordRequest>;
  return representatives(named);
}

export function namesWord(words: GrantedWords, request: WordRequest): boolean {
  const granted: ReadonlySet<string> = words[sectionOf(request)];
  return granted.has(spellWord(request));
}

/** All words of the kinds whose words are a closed list, and none of the others. */
export const everyWord: GrantedWords = eachSection((section) => new Set(wordKinds[section].words));

export const noWords: GrantedWords = eachSection(() => new Set());

export const noWordRules: WordRules = eachSection(() => []);
