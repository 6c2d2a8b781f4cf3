import { Observer } from "../../sessions/view/observer.ts";
import { topOf } from "../top/top-command.ts";

/** Outside every domain the caller reads the host itself. */
export const top = topOf(({ places }) => {
  const observer = new Observer(places);
  return { reading: () => observer.read() };
});
