import { readdirSync, readlinkSync } from "node:fs";
import { unlessGone } from "../kernel/unless-gone.ts";
import { type Accounts, idOf } from "./accounts.ts";

/**
 * systemd's links between names and numbers of dynamic users (`DynamicUser=`). A link is there
 * while its unit runs, and made anew at each start, so that no plan outlasts the number.
 */
export const DYNAMIC_USERS = "/run/systemd/dynamic-uid";
const LINK = "direct:";
const absent = ["ENOENT", "EACCES"] as const;

export function dynamicUserLink(name: string): string {
  return `${DYNAMIC_USERS}/${LINK}${name}`;
}

/** A dynamic user's group has the same name and number (systemd.exec(5)). */
export function dynamicAccounts(): Accounts {
  const found = namesOfLinks().flatMap((name) => {
    const id = idOf(targetOf(dynamicUserLink(name)));
    return id === null ? [] : [{ name, id }];
  });
  return {
    users: found.map(({ name, id }) => {
      return { name, uid: id, gid: id, home: "/", shell: "/usr/sbin/nologin" };
    }),
    groups: found.map(({ name, id }) => ({ name, gid: id, members: [] })),
  };
}

/** There is a link from each number, too. */
function namesOfLinks(): readonly string[] {
  const links = unlessGone(() => readdirSync(DYNAMIC_USERS), absent) ?? [];
  return links
    .filter((link) => link.startsWith(LINK))
    .map((link) => link.slice(LINK.length))
    .filter((name) => idOf(name) === null);
}

function targetOf(link: string): string | undefined {
  return unlessGone(() => readlinkSync(link), absent) ?? undefined;
}
