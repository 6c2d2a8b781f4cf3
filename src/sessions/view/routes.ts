import type { Route } from "../../agent/api/route.ts";
import type { Collector } from "./collector.ts";
import type { Observer } from "./observer.ts";

export interface View {
  readonly observer: Observer;
  readonly collector: Collector;
}

/** All requests of the view socket. None has a body, and no route reads a parameter. */
export const viewRoutes: readonly Route<View>[] = [
  {
    method: "GET",
    path: "/v1/reading",
    access: "read",
    summary: "what the domains of the host use now",
    body: [],
    answer: [],
    handle: ({ observer }) => observer.read(),
  },
  {
    method: "GET",
    path: "/v1/support",
    access: "read",
    summary: "what a support bundle is made of, as far as the caller may have it",
    body: [],
    answer: [],
    handle: ({ collector }, { by, gid, administers }) =>
      collector.collect({ uid: by.uid, gid, administers }),
  },
];
