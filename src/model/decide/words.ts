import {
  sectionOf,
  type WordRequest,
  type WordRequests,
  type WordRules,
  type WordSection,
  wordKinds,
} from "../../kinds/model.ts";
import type { Decision } from "../verdict.ts";

/** Each section decides the requests of its kind. */
export function judgeWord(rules: WordRules, request: WordRequest, domain: string): Decision {
  return judgeIn(sectionOf(request), rules, request, domain);
}

function judgeIn<S extends WordSection>(
  section: S,
  rules: WordRules,
  request: WordRequests[S],
  domain: string,
): Decision {
  return wordKinds[section].decide(rules[section], request, domain);
}
